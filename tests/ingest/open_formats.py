"""OpenDocument files and electronic books, made on the spot: as little of the format as programs write at least."""

import io
import zipfile
from collections.abc import Sequence

from tests.ingest.made import zipped

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
    "{locked}</manifest:file-entry></manifest:manifest>"
)
STYLES = (
    '<office:automatic-styles><style:style style:name="seen"/><style:style style:name="unseen">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style></office:automatic-styles>'
)
TYPE = "application/vnd.oasis.opendocument."
META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>House rules</dc:title></office:meta>'
    "</office:document-meta>"
)
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
BOOK = (
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">1</dc:identifier>'
    "<dc:title>House rules</dc:title><dc:language>en</dc:language></metadata><manifest>{items}</manifest>"
    "<spine>{order}</spine></package>"
)
CHAPTER = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title></head><body><h1>{title}</h1>'
    "<p>{text}</p></body></html>"
)


def odt(heading: str, text: str, rows: Sequence[Sequence[str]]) -> bytes:
    body = f'<text:h text:outline-level="1">{heading}</text:h><text:p>{text}</text:p>{_table(rows)}'
    return _open("text", f"<office:text>{body}</office:text>")


def ods(sheet: str, rows: Sequence[Sequence[str]]) -> bytes:
    return _open("spreadsheet", f"<office:spreadsheet>{_table(rows, sheet)}</office:spreadsheet>")


def odp(slides: Sequence[tuple[str, str]], *, hidden: Sequence[int] = ()) -> bytes:
    """Each slide is its title, and what stands on it; `hidden` are the numbers of those that are not shown."""
    pages = (
        f'<draw:page draw:style-name="{"unseen" if number in hidden else "seen"}">{_frame("title", title)}{shapes}'
        "</draw:page>"
        for number, (title, shapes) in enumerate(slides, 1)
    )
    return _open("presentation", f"<office:presentation>{''.join(pages)}</office:presentation>", STYLES)


def outline(*points: str) -> str:
    listed = "".join(f"<text:list-item><text:p>{point}</text:p></text:list-item>" for point in points)
    return (
        '<draw:frame presentation:class="outline"><draw:text-box><text:list>'
        f"{listed}</text:list></draw:text-box></draw:frame>"
    )


def grid(rows: Sequence[Sequence[str]]) -> str:
    return f"<draw:g><draw:frame>{_table(rows)}</draw:frame></draw:g>"


def note(text: str) -> str:
    return f"<presentation:notes>{_frame('notes', text)}</presentation:notes>"


def epub(chapters: Sequence[tuple[str, str]]) -> bytes:
    parts = {
        f"c{number}.xhtml": CHAPTER.format(title=title, text=text)
        for number, (title, text) in enumerate(chapters, 1)
    }
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in parts)
    order = "".join(f'<itemref idref="{name}"/>' for name in parts)
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "book.opf": BOOK.format(items=items, order=order),
            **parts,
        }
    )


def _open(kind: str, body: str, styles: str = "") -> bytes:
    content = f"<office:document-content {NAMES}>{styles}<office:body>{body}</office:body></office:document-content>"
    return zipped(
        {
            "mimetype": TYPE + kind,
            "meta.xml": META,
            "content.xml": content,
            "META-INF/manifest.xml": MANIFEST.format(locked=""),
        }
    )


def locked(data: bytes) -> bytes:
    """The same, as it says of itself with a password."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    manifest = MANIFEST.format(locked="<manifest:encryption-data/>")
    return zipped({**parts, "content.xml": bytes(range(256)), "META-INF/manifest.xml": manifest})


def _table(rows: Sequence[Sequence[str]], name: str = "Table1") -> str:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = (f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="{name}">{"".join(lines)}</table:table>'


def _frame(kind: str, text: str) -> str:
    box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
    return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'
