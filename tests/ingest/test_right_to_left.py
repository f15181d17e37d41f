"""PDF files in Arabic and Hebrew: read in the order in which they are read, however they are drawn."""

import pytest

from ingest.parse import parse
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
