"""OpenDocument, EPUB and RTF: text, headings and tables, through the real child process."""

import pytest

from ingest.parse import parse
from ingest.parsed import Page, ParseFailure
from tests.ingest import open_formats

ROWS = (("Parcel", "Days"), ("small", "two"), ("large", "nine"))
TABLE = "| Parcel | Days |\n| --- | --- |\n| small | two |\n| large | nine |"
SENTENCE = "Parcels leave every evening."
TEXT = open_formats.odt("Delivery", SENTENCE, ROWS)
SHEET = open_formats.ods("Prices", ROWS)
SLIDES = open_formats.odp(
    [
        (
            "Delivery",
            open_formats.outline(SENTENCE, "And every <text:s/>morning.") + open_formats.note("Smile."),
        ),
        ("Drafts", open_formats.outline("Nobody is to see this.")),
        ("Times", open_formats.grid(ROWS)),
    ],
    hidden=[2],
)
BOOK = open_formats.epub([("Delivery", SENTENCE), ("Returns", "Within thirty days.")])
RICH = (
    rb"{\rtf1\ansi Parcels leave every evening.\par"
    rb"\trowd\cellx2000\cellx4000\intbl Parcel\cell Days\cell\row"
    rb"\trowd\cellx2000\cellx4000\intbl small\cell two\cell\row\pard The end.\par}"
)


async def pages(data: bytes, kind: str) -> list[Page]:
    parsed = await parse(data, name="file")
    assert parsed.kind == kind
    return parsed.pages


async def test_text_keeps_its_headings_and_tables() -> None:
    assert await pages(TEXT, "odt") == [Page(None, f"# Delivery\n\n{SENTENCE}\n\n{TABLE}")]


async def test_sheets_are_tables() -> None:
    [sheet] = await pages(SHEET, "ods")
    assert TABLE in sheet.markdown


async def test_slides_are_read_one_by_one() -> None:
    assert await pages(SLIDES, "odp") == [
        Page(1, f"# Delivery\n\n- {SENTENCE}\n- And every morning.\n\nNotes: Smile."),
        Page(3, f"# Times\n\n{TABLE}"),
    ]


async def test_slides_have_the_title_that_is_stated() -> None:
    assert (await parse(SLIDES, name="file")).title == "House rules"


async def test_books_are_read_chapter_by_chapter() -> None:
    parsed = await parse(BOOK, name="file")
    assert (parsed.kind, parsed.title) == ("epub", "House rules")
    [book] = parsed.pages
    assert book.markdown == f"# Delivery\n\n{SENTENCE}\n\n# Returns\n\nWithin thirty days."


async def test_rich_text_keeps_its_tables() -> None:
    [text] = await pages(RICH, "rtf")
    assert text.markdown == f"{SENTENCE}\n\n| Parcel | Days |\n| --- | --- |\n| small | two |\n\nThe end."


@pytest.mark.parametrize("data", [TEXT, SHEET, SLIDES])
async def test_what_is_locked_says_so(data: bytes) -> None:
    with pytest.raises(ParseFailure) as caught:
        await parse(open_formats.locked(data), name="file")
    assert caught.value.code == "encrypted"
