"""PDF files in Arabic and Hebrew: read in the order in which they are read, however they are drawn."""

import pytest

from ingest.parse import parse
from ingest.readers.right_to_left import Glyph, as_seen, put_in_order, text_of
from tests.ingest.drawn import from_the_right

ARABIC = [
    ["يمكن", "إرجاع", "أي", "منتج", "خلال", "30", "يوما", "من", "تاريخ", "الاستلام."],
    ["أرسل", "الطرد", "إلى", "Northwind Ltd", "مع", "الفاتورة", "(الأصلية)."],
    ["سعره", "1,250.50", "أو", "20%", "منه."],
]
HEBREW = [
    ["ניתן", "להחזיר", "כל", "פריט", "בתוך", "30", "יום", "מיום", "הקבלה."],
    ["שלחו", "את", "החבילה", "אל", "Northwind Ltd", "עם", "הקבלה", "(המקורית)."],
    ["ביום", "שישי", "10:30-11:15", "בלבד."],
]


@pytest.mark.parametrize("lines", [ARABIC, HEBREW], ids=["Arabic", "Hebrew"])
@pytest.mark.parametrize("as_read", [True, False], ids=["drawn as read", "drawn from the left"])
async def test_lines_are_put_in_the_order_in_which_they_are_read(
    lines: list[list[str]], *, as_read: bool
) -> None:
    parsed = await parse(from_the_right(lines, as_read=as_read), name="rules.pdf")
    assert " ".join(parsed.pages[0].markdown.split()) == " ".join(" ".join(line) for line in lines)


async def test_lines_from_the_left_among_them_stay_as_they_are() -> None:
    lines = [*HEBREW, ["Northwind Ltd (Haifa), 3 Harbour Road"], *HEBREW]
    parsed = await parse(from_the_right(lines, as_read=False), name="rules.pdf")
    assert "Northwind Ltd (Haifa), 3 Harbour Road" in " ".join(parsed.pages[0].markdown.split())


# Letters and marks of one word as Chromium has placed them: left, bottom, right and top of each.
POINTED = [
    ("ש", (601.5, 758.3, 608.2, 780.8)),
    ("\u05c1", (588.2, 758.3, 594.9, 780.8)),
    ("\u05b8", (594.9, 758.3, 601.5, 780.8)),
    ("ו", (567.8, 763.5, 571.1, 781.1)),
    ("ל", (573.3, 757.9, 587.8, 785.8)),
    ("\u05b9", (564.5, 763.5, 567.8, 781.1)),
    ("ם", (548.3, 757.9, 565.0, 785.8)),
]
# The whole word has one place, from its end.
STACKED = [(letter, (119.0, 700.0, 126.0, 714.0)) for letter in "יביבَح"]


def test_vowel_signs_stay_with_their_letters() -> None:
    pointed, stacked = (
        text_of([put_in_order(as_seen([Glyph(letter, *place) for letter, place in word]))])
        for word in (POINTED, STACKED)
    )
    assert (pointed, stacked) == ("שָׁלוֹם", "حَביבי")
