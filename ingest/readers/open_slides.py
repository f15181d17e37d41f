"""OpenDocument presentations, slide by slide in the order they are shown. Own code, because kreuzberg reads none."""

from collections.abc import Iterator

from ingest.parsed import Page
from ingest.readers.draft import Draft
from ingest.readers.ooxml import Element, Package, attribute, every, first, name
from ingest.readers.tables import table

TITLE = "title"
# Dates, footers and slide numbers, the same on each slide.
FURNITURE = ("date-time", "footer", "header", "page-number")
GROUP, ASIDE = "g", ("notes", "annotation")
BLANKS = ("s", "tab", "line-break")


def read(data: bytes) -> Draft:
    package = Package(data)
    content = package.xml("content.xml")
    unseen = hidden_styles(content)
    texts = (
        (number, slide_markdown(slide))
        for number, slide in enumerate(every(content, "page"), 1)
        if attribute(slide, "style-name") not in unseen
    )
    return Draft([Page(number, text) for number, text in texts if text], package.title("meta.xml"))


def hidden_styles(content: Element) -> set[str]:
    """The styles of slides that their author has hidden."""
    return {
        attribute(style, "name")
        for style in every(content, "style")
        for properties in every(style, "drawing-page-properties")
        if attribute(properties, "visibility") == "hidden"
    }


def slide_markdown(slide: Element) -> str:
    shapes = list(leaves(slide))
    title = " ".join(line for shape in shapes if role(shape) == TITLE for line in text_lines(shape))
    others = [shape for shape in shapes if role(shape) not in (TITLE, *FURNITURE)]
    blocks = [f"# {title}" if title else "", *map(shape_markdown, others), notes(slide)]
    return "\n\n".join(block for block in blocks if block)


def leaves(parent: Element) -> Iterator[Element]:
    """Shapes, those within groups too."""
    for element in parent:
        if name(element) == GROUP:
            yield from leaves(element)
        elif name(element) not in ASIDE:
            yield element


def role(shape: Element) -> str:
    return attribute(shape, "class")


def shape_markdown(shape: Element) -> str:
    grid = next(every(shape, "table"), None)
    if grid is None:
        return "\n".join(bulleted(shape))
    return table([" ".join(text_lines(cell)) for cell in cells(row)] for row in every(grid, "table-row"))


def cells(row: Element) -> Iterator[Element]:
    return (cell for cell in row if name(cell) in ("table-cell", "covered-table-cell"))


def bulleted(shape: Element) -> Iterator[str]:
    for paragraph in every(shape, "p"):
        depth = sum(1 for _ in paragraph.iterancestors("{*}list"))
        if text := paragraph_text(paragraph):
            yield f"{'  ' * (depth - 1)}- {text}" if depth else text


def text_lines(shape: Element) -> list[str]:
    return [text for paragraph in every(shape, "p") if (text := paragraph_text(paragraph))]


def paragraph_text(paragraph: Element) -> str:
    pieces = (
        piece
        for element in paragraph.iter("{*}*")
        for piece in (
            " " if name(element) in BLANKS else element.text or "",
            (element.tail or "") if element is not paragraph else "",
        )
    )
    return " ".join("".join(pieces).split())


def notes(slide: Element) -> str:
    page = first(slide, "notes")
    text = "\n".join(text_lines(page)) if page is not None else ""
    return f"Notes: {text}" if text else ""
