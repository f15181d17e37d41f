"""Files as people upload them, made on the spot."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import docx
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib import colors, pdfencrypt
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"


def pdf(pages: Sequence[Sequence[str]], *, title: str = "", password: str = "") -> bytes:
    """Each page is its lines, of which the first is set large."""
    out = io.BytesIO()
    lock = pdfencrypt.StandardEncryption(password) if password else None
    canvas = Canvas(out, pagesize=A4, encrypt=lock)
    canvas.setTitle(title)
    for lines in pages:
        for place, line in enumerate(lines):
            canvas.setFont("Helvetica-Bold" if place == 0 else "Helvetica", 20 if place == 0 else 11)
            canvas.drawString(72, 760 - 24 * place, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pdf_with_table(rows: Sequence[Sequence[str]], *, before: str, after: str, ruled: bool = True) -> bytes:
    """A page with a table between two paragraphs; where a row has fewer cells, its last one spans what is left."""
    out = io.BytesIO()
    width = max(map(len, rows))
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    spans = [("SPAN", (len(row) - 1, at), (width - 1, at)) for at, row in enumerate(rows) if len(row) < width]
    cells = [[*row, *[""] * (width - len(row))] for row in rows]
    text = getSampleStyleSheet()["Normal"]
    story = [Paragraph(before, text), Table(cells, style=[*style, *spans]), Paragraph(after, text)]
    SimpleDocTemplate(out).build(story)
    return out.getvalue()


def scan(pages: int = 2) -> bytes:
    """Pages that only hold a picture."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for _ in range(pages):
        canvas.setFillGray(0.5)
        canvas.rect(72, 72, 300, 300, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(text: str, kind: str = "PNG") -> bytes:
    """A line of text as a camera or a scanner has it."""
    out = io.BytesIO()
    image = Image.new("L", (900, 160), 255)
    ImageDraw.Draw(image).text((40, 50), text, font=ImageFont.load_default(44), fill=0)
    image.save(out, kind, resolution=150)
    return out.getvalue()


def pdf_with_scan(lines: Sequence[str], scanned: str) -> bytes:
    """A page of text, one that a scanner has made, and one with nothing on it."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for place, line in enumerate(lines):
        canvas.drawString(72, 760 - 24 * place, line)
    canvas.showPage()
    canvas.drawImage(ImageReader(io.BytesIO(picture(scanned))), 36, 600, 500, 89)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def swollen_pdf(megabytes: int) -> bytes:
    """A page whose content unpacks to as many megabytes from about a hundredth of that."""
    squeeze = zlib.compressobj(1)
    stream = b"".join([*(squeeze.compress(b" " * 1024 * 1024) for _ in range(megabytes)), squeeze.flush()])
    return pdf_of(b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(stream), stream), pages=1)


def endless_pdf(pages: int) -> bytes:
    """The same page again and again."""
    stream = b"BT /F1 12 Tf 72 700 Td (The same page again and again.) Tj ET"
    return pdf_of(b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream), pages=pages)


def pdf_of(content: bytes, pages: int, *, font: bytes = HELVETICA, more: Sequence[bytes] = ()) -> bytes:
    """`more` are objects that stand after the pages."""
    resources = b"<</Font<</F1 %b>>>>" % font
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R/Resources%b>>" % resources
    kids = b" ".join(b"%d 0 R" % (4 + at) for at in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, pages),
        content,
        *[page] * pages,
        *more,
    ]
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return bytes(body) + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (count, table, count, len(body))
    )


def word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Shop handbook"
    document.add_heading("Returns", 1)
    document.add_paragraph("You can return “anything” within 30 days.")
    document.add_heading("How", 2)
    for step in ("Print the label", "Post the parcel"):
        document.add_paragraph(step, style="List Number")
    for note in ("Keep the receipt", "Use the box"):
        document.add_paragraph(note, style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ("Country", "Days", "Spain", "5 | 7"), strict=True
    ):
        cell.text = text
    return saved(document)


def saved(document: "docx.document.Document") -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    rows = (
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{to}"/>'
        for key, (kind, to) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(rows)}</Relationships>'


def word_with_body(body: str) -> bytes:
    """A document of just this XML, with what Word writes around it left out."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "_rels/.rels": relations({"r1": ("officeDocument", "word/document.xml")}),
            "word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        }
    )


def sheet(rows: Sequence[Sequence[str]]) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    types = (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    cells = ("".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in rows)
    lines = "".join(f"<row>{row}</row>" for row in cells)
    return zipped(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": relations({"r1": ("officeDocument", "xl/workbook.xml")}),
            "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Prices" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations({"r1": ("worksheet", "worksheets/sheet1.xml")}),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{lines}'
            "</sheetData></worksheet>",
        }
    )


def presentation(slides: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """Slides of a title and bullets, stored under file names in the reverse of their order."""
    count = len(slides)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{SLIDES}" xmlns:r="{OFFICE}"><p:sldIdLst>'
        + "".join(f'<p:sldId id="{256 + place}" r:id="r{place}"/>' for place in range(count))
        + "</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            {f"r{place}": ("slide", f"slides/slide{count - place}.xml") for place in range(count)}
        ),
    }
    for place, (title, bullets) in enumerate(slides):
        parts[f"ppt/slides/slide{count - place}.xml"] = slide(title, bullets)
    return zipped(parts)


def slide(title: str, bullets: Sequence[str]) -> str:
    def shape(kind: str, texts: Sequence[str]) -> str:
        lines = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)
        placeholder = f"<p:nvSpPr><p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr>"
        return f"<p:sp>{placeholder}<p:txBody>{lines}</p:txBody></p:sp>"

    shapes = shape('type="title"', [title]) + shape('idx="1"', bullets)
    tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
    return f'<p:sld xmlns:p="{SLIDES}" xmlns:a="{DRAWING}">{tree}</p:sld>'
