"""Tables in PDF files stay tables where lines are drawn around their cells."""

import io

from reportlab.pdfgen.canvas import Canvas

from ingest.chunk import chunk
from ingest.parse import parse
from tests.ingest import made

BEFORE = (
    "Parcels leave our warehouse every evening. How long they take is said by the table, and what they cost."
)
AFTER = "On public holidays nothing is delivered, and what was ordered on the day before leaves a day later."
ROWS = [
    ("Country", "Days", "Price of a parcel"),
    ("Spain", "5", "EUR 12.00 | 14.00"),
    ("Portugal\nwith Madeira", "7", "EUR 15.50"),
    ("Italy", "by agreement"),
]


async def markdown(data: bytes) -> str:
    return "\n\n".join(page.markdown for page in (await parse(data, name="rates.pdf")).pages)


async def test_a_table_with_lines_stays_a_table_in_its_place() -> None:
    text = await markdown(made.pdf_with_table(ROWS, before=BEFORE, after=AFTER))
    assert text == (
        f"{BEFORE}\n\n| Country | Days | Price of a parcel |\n| --- | --- | --- |\n"
        "| Spain | 5 | EUR 12.00 \\| 14.00 |\n| Portugal with Madeira | 7 | EUR 15.50 |\n"
        f"| Italy | by agreement | |\n\n{AFTER}"
    )


async def test_without_lines_nothing_is_taken_for_a_table_and_nothing_lost() -> None:
    text = await markdown(made.pdf_with_table(ROWS, before=BEFORE, after=AFTER, ruled=False))
    assert "---" not in text
    assert all(cell in text.replace("\n", " ") for cell in ("Spain 5", "EUR 15.50", "by agreement"))


async def test_every_passage_of_a_long_table_says_what_its_columns_mean() -> None:
    far = "days by ship, rail and van, if the harbour is not frozen"
    rows = [("Country", "Delivery by ship and rail"), *((f"Country {at}", f"{at} {far}") for at in range(32))]
    parsed = await parse(made.pdf_with_table(rows, before=BEFORE, after=AFTER), name="rates.pdf")
    passages = [one.text for one in chunk(parsed) if "| Country " in one.text]
    assert len(passages) > 2
    assert all("| Country | Delivery by ship and rail |" in passage for passage in passages)
    assert sum(text.count("frozen |") for text in passages) == 32


async def test_the_grid_of_a_plot_and_the_frame_of_a_page_are_no_tables() -> None:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.grid([100, 200, 300, 400], [300, 400, 500, 600])
    canvas.drawString(110, 310, "0.5")
    canvas.drawString(310, 310, "1.5")
    canvas.rect(50, 50, 500, 750)
    canvas.drawString(80, 700, "The curve shows how many parcels leave in each hour of the day.")
    canvas.save()
    text = await markdown(out.getvalue())
    assert "|" not in text
    assert "The curve shows" in text
