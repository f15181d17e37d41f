"""
PowerPoint, slide by slide in the order they are shown. Own code, because kreuzberg 4.10 orders slides by file name and
leaves titles and tables out of its pages.
"""

from collections.abc import Iterator

from ingest.parsed import Page
from ingest.readers.draft import Draft
from ingest.readers.ooxml import Element, Package, attribute, every, first, name
from ingest.readers.tables import table

PRESENTATION = "ppt/presentation.xml"
TITLES = ("title", "ctrTitle")
# Dates, footers and slide numbers, the same on each slide.
FURNITURE = ("dt", "ftr", "sldNum", "sldImg")
BODY = ("", "body", "obj", "subTitle")


def read(data: bytes) -> Draft:
    package = Package(data)
    slides = package.related(PRESENTATION, "/slide")
    order = [attribute(slide, "id") for slide in ordered(package)]
    shown = [slides[key] for key in order if key in slides]
    texts = ((number, slide_markdown(package, part)) for number, part in enumerate(shown, 1))
    return Draft([Page(number, text) for number, text in texts if text], package.title())


def ordered(package: Package) -> Iterator[Element]:
    for slide in every(package.xml(PRESENTATION), "sldId"):
        # Two attributes are called id; the relation's is the one in a namespace.
        relation = next((value for key, value in slide.attrib.items() if key.endswith("}id")), "")
        slide.attrib.clear()
        slide.set("id", relation)
        yield slide


def slide_markdown(package: Package, part: str) -> str:
    """Empty for slides hidden by their author."""
    slide = package.xml(part)
    if attribute(slide, "show") in ("0", "false"):
        return ""
    shapes = list(leaves(first(slide, "cSld", "spTree")))
    titles = [shape for shape in shapes if role(shape) in TITLES]
    others = [shape for shape in shapes if role(shape) not in (*TITLES, *FURNITURE)]
    title = " ".join(" ".join(text_lines(shape)) for shape in titles).strip()
    blocks = [
        f"# {title}" if title else "",
        *(shape_markdown(shape) for shape in others),
        *notes(package, part),
    ]
    return "\n\n".join(block for block in blocks if block)


def leaves(tree: Element | None) -> Iterator[Element]:
    """Shapes and tables, those within groups too; of alternatives only the first."""
    for element in tree if tree is not None else ():
        kind = name(element)
        if kind in ("sp", "graphicFrame"):
            yield element
        elif kind in ("grpSp", "AlternateContent", "Choice"):
            yield from leaves(element)


def role(shape: Element) -> str | None:
    """The kind of placeholder, empty where unnamed; None for a shape that is none."""
    placeholder = next(every(shape, "ph"), None)
    return attribute(placeholder, "type") if placeholder is not None else None


def shape_markdown(shape: Element) -> str:
    grid = next(every(shape, "tbl"), None)
    if grid is not None:
        return table([" ".join(text_lines(cell)) for cell in every(row, "tc")] for row in every(grid, "tr"))
    if role(shape) in BODY:
        return "\n".join(bullets(shape))
    return "\n".join(text_lines(shape))


def bullets(shape: Element) -> Iterator[str]:
    for paragraph in every(shape, "p"):
        properties = first(paragraph, "pPr")
        level = attribute(properties, "lvl") if properties is not None else ""
        if text := paragraph_text(paragraph):
            yield f"{'  ' * (int(level) if level.isdecimal() else 0)}- {text}"


def text_lines(shape: Element) -> list[str]:
    return [text for paragraph in every(shape, "p") if (text := paragraph_text(paragraph))]


def paragraph_text(paragraph: Element) -> str:
    pieces = (
        " " if name(element) in ("br", "tab") else element.text or ""
        for element in paragraph.iter("{*}t", "{*}br", "{*}tab")
    )
    return " ".join("".join(pieces).split())


def notes(package: Package, part: str) -> Iterator[str]:
    for note in package.related(part, "/notesSlide").values():
        root = package.optional(note)
        if root is None:
            continue
        bodies = [shape for shape in every(root, "sp") if role(shape) == "body"]
        text = "\n".join(line for shape in bodies for line in text_lines(shape))
        if text:
            yield f"Notes: {text}"
