"""Real files in, markdown or a named failure out, through the real child process."""

import shutil

import docx
import pytest

from ingest.parse import parse
from ingest.parsed import Limits, Parsed, ParseFailure
from ingest.readers import scans
from tests.ingest import made


async def failure(data: bytes, name: str = "file", limits: Limits | None = None) -> ParseFailure:
    with pytest.raises(ParseFailure) as caught:
        await parse(data, name=name, limits=limits)
    return caught.value


def whole(parsed: Parsed) -> str:
    return "\n".join(page.markdown for page in parsed.pages)


async def test_a_pdf_gives_its_pages_with_their_numbers_and_headings() -> None:
    prose = [
        "Every parcel is packed by hand in our own warehouse, on the day of the order, and",
        "handed to the carrier in the evening. It arrives within three days anywhere in the",
        "country, and within a week on the islands. You are told by mail when it is on its",
        "way, and again in the morning of the day on which it is brought to your door.",
    ]
    data = made.pdf([["Delivery", *prose], ["Returns", *prose]], title="House rules")
    parsed = await parse(data, name="rules.pdf")
    assert (parsed.kind, parsed.mime, parsed.title) == ("pdf", "application/pdf", "House rules")
    assert (parsed.language, [page.number for page in parsed.pages]) == ("en", [1, 2])
    assert parsed.pages[0].markdown == "# Delivery\n\n" + " ".join(prose)
    assert parsed.pages[1].markdown.startswith("# Returns\n\nEvery parcel")


async def test_running_headers_and_page_numbers_are_said_once() -> None:
    lines = [f"Chapter text number {word} stands here." for word in ("one", "two", "three", "four", "five")]
    pages = [["Acme Manual", *lines, f"Page {number}"] for number in range(1, 7)]
    text = whole(await parse(made.pdf(pages), name="manual.pdf"))
    assert text.count("Acme Manual") == 1
    assert "Page 4" not in text


async def test_word_gives_headings_lists_and_tables() -> None:
    parsed = await parse(made.word(), name="handbook.docx")
    assert (parsed.kind, parsed.title, parsed.pages[0].number) == ("docx", "Shop handbook", None)
    assert whole(parsed) == (
        "# Returns\n\nYou can return “anything” within 30 days.\n\n## How\n\n1. Print the label\n2. Post the parcel\n"
        "- Keep the receipt\n- Use the box\n\n| Country | Days |\n| --- | --- |\n| Spain | 5 \\| 7 |"
    )


async def test_word_keeps_text_beside_shapes_and_skips_what_was_deleted() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>before </w:t></w:r><w:r><w:pict>" + box + "</w:pict></w:r>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>after &#x201C;all&#x201D;</w:t></w:r></w:ins></w:p>"
    )
    parsed = await parse(made.word_with_body(body), name="shapes.docx")
    assert whole(parsed) == "before after “all”\n\nin a box"


async def test_bold_lines_are_headings_where_nobody_used_styles() -> None:
    document = docx.Document()
    document.add_paragraph().add_run("Opening hours").bold = True
    document.add_paragraph("We are open from nine to five.")
    text = whole(await parse(made.saved(document), name="plain.docx"))
    assert text == "## Opening hours\n\nWe are open from nine to five."


async def test_slides_come_in_the_order_they_are_shown() -> None:
    data = made.presentation([("Welcome &#x201C;all&#x201D;", ["Coffee", "Tea"]), ("Prices", ["Five euros"])])
    parsed = await parse(data, name="talk.pptx")
    assert [(page.number, page.markdown) for page in parsed.pages] == [
        (1, "# Welcome “all”\n\n- Coffee\n- Tea"),
        (2, "# Prices\n\n- Five euros"),
    ]


async def test_a_sheet_is_a_table_and_a_long_one_repeats_its_header() -> None:
    rows = [
        ["Country", "Delivery"],
        *([f"Country {number}", f"{number} days by ship"] for number in range(100)),
    ]
    parsed = await parse(made.sheet(rows), name="prices.xlsx")
    text = whole(parsed)
    assert parsed.kind == "xlsx"
    assert text.startswith("## Prices\n\n| Country | Delivery |\n| --- | --- |\n| Country 0 |")
    assert text.count("| Country | Delivery |") > 2
    assert "| Country 99 | 99 days by ship |" in text


async def test_the_content_tells_the_type_and_not_the_name() -> None:
    assert (await parse(made.word(), name="report.pdf")).kind == "docx"
    assert (await parse(made.pdf([["Hello", "from a PDF file"]]), name="hello.docx")).kind == "pdf"
    assert (
        await parse(b"<!DOCTYPE html><html><body><p>Hello there</p></body></html>", name="a.pdf")
    ).kind == "html"


async def test_a_page_gives_its_main_text_without_what_stands_around() -> None:
    source = """<!DOCTYPE html><html lang="fr-CA"><head><title>Retours | Boutique</title>
      <script>var x = 1</script></head>
      <body><nav><a href="/">Accueil</a></nav><div class="cookie-banner">Nous utilisons des cookies</div>
      <main><h1>Retours</h1><p>Renvoyez le <b>colis</b>
      <a href="/x">gratuitement</a>.</p><pre><code>a = 1
      b = 2</code></pre><table><tr><th>Pays</th><th>Jours</th></tr><tr><td>Suisse</td><td>3</td></tr></table></main>
      <footer>Mentions</footer></body></html>"""
    parsed = await parse(source.encode(), name="retours.html")
    assert (parsed.title, parsed.language) == ("Retours", "fr")
    text = whole(parsed)
    assert text.startswith("# Retours\n\nRenvoyez le colis gratuitement.\n\n```\na = 1\n      b = 2\n```")
    assert "| Suisse | 3 |" in text
    assert not any(word in text for word in ("Accueil", "cookies", "Mentions", "var x"))


async def test_front_matter_gives_the_title_and_is_no_text() -> None:
    data = b"---\ntitle: 'Getting started'\nlang: en\n---\n\n## Install\n\nRun it.\n"
    parsed = await parse(data, name="start.md")
    assert (parsed.title, whole(parsed)) == ("Getting started", "## Install\n\nRun it.")


async def test_csv_of_any_delimiter_is_a_table() -> None:
    for delimiter in (",", ";", "\t", "|"):
        rows = [("Name", "City", "Age"), ("Ann", '"Bonn, Rhine"', "31"), ("Bob", "Paris", "44")]
        data = "\n".join(delimiter.join(row) for row in rows).encode("utf-16")
        parsed = await parse(data, name="people.csv")
        assert whole(parsed).splitlines()[2] == "| Ann | Bonn, Rhine | 31 |"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "يمكن إرجاع المنتج خلال ثلاثين يوما من تاريخ الشراء مع إرفاق الفاتورة الأصلية."),
        ("he", "ניתן להחזיר את המוצר בתוך שלושים יום מיום הרכישה בצירוף החשבונית המקורית."),
    ],
)
async def test_text_from_right_to_left_is_read_in_the_order_in_which_it_is_said(
    language: str, text: str
) -> None:
    text = " ".join([text] * 4)  # enough to tell the language by
    document = docx.Document()
    document.add_paragraph(text)
    page = f"<!doctype html><html dir=rtl><body><p>{text}</p></body></html>".encode()
    for name, data in (("a.docx", made.saved(document)), ("a.html", page), ("a.txt", text.encode("utf-16"))):
        parsed = await parse(data, name=name)
        assert (name, whole(parsed), parsed.language) == (name, text, language)


async def test_mail_json_and_xml_are_readable() -> None:
    mail = b"From: ann@example.org\nSubject: =?utf-8?q?R=C3=BCckgabe?=\nMIME-Version: 1.0\n\nPlease send a label.\n"
    parsed = await parse(mail, name="mail.txt")
    assert (parsed.kind, parsed.title) == ("eml", "Rückgabe")
    assert whole(parsed).endswith("Please send a label.")
    assert whole(await parse(b'{"shop": {"city": "Bonn", "days": [1, 2]}}', name="x")) == (
        "- shop:\n  - city: Bonn\n  - days:\n    - 1\n    - 2"
    )
    assert (
        whole(await parse(b"<shop id='7'><city>Bonn</city></shop>", name="x.xml"))
        == "- shop: id=7\n  - city: Bonn"
    )


@pytest.mark.parametrize(
    ("code", "name", "data"),
    [
        ("empty", "a.txt", b""),
        ("empty", "a.txt", b" \n\t \n"),
        ("empty", "a.docx", made.word_with_body("<w:p/>")),
        ("encrypted", "a.pdf", made.pdf([["Secret", "text"]], password="sesame")),
        (
            "encrypted",
            "a.eml",
            b"From: a@b.c\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime\n\nMIAG",
        ),
        ("broken", "a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20),
        ("broken", "a.pdf", made.pdf([["Chapter", "This is the text."]])[:-200]),
        ("broken", "a.docx", made.word()[:2000]),
        ("archive", "a.zip", made.zipped({"a.html": "<p>x</p>"})),
        ("unknown_type", "a.bin", bytes(range(256)) * 50),
        ("too_many_pages", "a.pdf", made.endless_pdf(100_000)),
        ("bomb", "a.docx", made.zipped({"word/document.xml": b"\0" * 100 * 1024 * 1024})),
    ],
)
async def test_what_cannot_be_read_says_why_and_what_to_do(code: str, name: str, data: bytes) -> None:
    refused = await failure(data, name)
    assert refused.code == code
    assert len(refused.message) > 30
    assert refused.message.endswith(".")


@pytest.mark.parametrize(("name", "data"), [("a.pdf", made.scan()), ("a.png", made.picture(""))])
async def test_a_scan_needs_text_recognition(monkeypatch: pytest.MonkeyPatch, name: str, data: bytes) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    refused = await failure(data, name)
    assert refused.code == "scanned"
    for said in (
        "This is a scan or a picture",
        "Upload a version with text",
        "Tesseract installed on the server",
    ):
        assert said in refused.message


@pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed (apt-get install tesseract-ocr)"
)
@pytest.mark.parametrize(("name", "kind"), [("scan.pdf", "PDF"), ("photo.png", "PNG")])
async def test_scans_are_read_where_tesseract_is(name: str, kind: str) -> None:
    data = made.picture("Parcels leave every evening.", kind)
    parsed = await parse(data, name=name, limits=Limits(seconds=120))
    assert whole(parsed).strip() == "Parcels leave every evening."
    assert parsed.pages[0].number == (1 if kind == "PDF" else None)


@pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed (apt-get install tesseract-ocr)"
)
async def test_a_scanned_page_among_others_is_read_where_tesseract_is() -> None:
    data = made.pdf_with_scan(["Parcels leave every morning from our house."] * 3, "They come back at night.")
    parsed = await parse(data, name="mixed.pdf", limits=Limits(seconds=120))
    pages = {page.number: page.markdown for page in parsed.pages}
    assert pages.keys() == {1, 2}
    assert pages[2].strip() == "They come back at night."


def test_a_scanned_page_that_cannot_be_read_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ParseFailure("crashed")

    monkeypatch.setattr(scans, "recognition", object)
    monkeypatch.setattr(scans, "extract", refuse)
    data = made.pdf_with_scan(["Parcels leave every morning."], "They come back at night.")
    assert scans.recognised_among(data, [2, 3], ocr=True) == {}


async def test_a_scanned_page_is_left_out_where_tesseract_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    data = made.pdf_with_scan(["Parcels leave every morning from our house."] * 3, "They come back at night.")
    assert [page.number for page in (await parse(data, name="mixed.pdf")).pages] == [1]


async def test_too_much_input_or_output_is_refused() -> None:
    data = b"word " * 500_000
    assert (await failure(data, "a.txt", Limits(input_mb=1))).code == "too_large"
    assert (await failure(data, "a.txt", Limits(characters=1000))).code == "too_large"
