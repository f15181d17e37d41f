"""
Word documents. Own code, because kreuzberg 4.10 loses text beside shapes, numeric character references, list marks
and tabs, and Word is what most people upload.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.readers.draft import Draft, single
from ingest.readers.ooxml import Element, Package, attribute, every, first, name
from ingest.readers.tables import table
from ingest.readers.word_styles import Listed, Styles, digits

# Deleted text, field codes, and what only says how things look.
SKIPPED = frozenset(
    {"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sectPr", "Fallback", "tblPr", "tcPr"}
)
SPACES = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}
PSEUDO_HEADING_CHARACTERS = 80
SPAN_MOST = 64


@dataclass(frozen=True)
class Block:
    """A piece of markdown; `bold` says that all of it is, as in headings made by hand."""

    text: str
    level: int = 0
    item: bool = False
    bold: bool = False


def read(data: bytes) -> Draft:
    package = Package(data)
    document = main_part(package)
    body = first(package.xml(document), "body")
    story = Story(package, document)
    blocks = list(story.blocks(body)) if body is not None else []
    return single(assembled(promoted(blocks)), title=package.title())


def main_part(package: Package) -> str:
    related = package.related("/", "/officeDocument")
    return next((part for part in related.values() if part in package.names), "word/document.xml")


class Story:
    """One document's text with what its paragraphs refer to: styles, numbering, notes."""

    def __init__(self, package: Package, document: str) -> None:
        self.styles = Styles(package, document)
        self.notes = dict(notes(package, document))
        self.counters: Counter[tuple[str, int]] = Counter()

    def blocks(self, container: Element) -> Iterator[Block]:
        for element in container:
            kind = name(element)
            if kind == "p":
                yield from self.paragraph(element)
            elif kind == "tbl":
                yield from self.table(element)
            elif kind not in SKIPPED:
                # Content controls, insertions and the like wrap whole paragraphs.
                yield from self.blocks(element)

    def paragraph(self, element: Element) -> Iterator[Block]:
        text = re.sub(r"[ \t\xa0]+", " ", "".join(spoken(element))).strip()
        if text:
            yield self.styled(element, text)
        for box in boxes(element):
            yield from self.blocks(box)
        for reference in every(element, "footnoteReference"):
            if note := self.notes.get(attribute(reference, "id")):
                yield Block(f"Note: {note}")

    def styled(self, element: Element, text: str) -> Block:
        level = self.styles.heading_level(element)
        if level:
            return Block(" ".join(text.split()), level=level)
        listed = self.styles.list_level(element)
        if listed:
            return Block(f"{'  ' * listed.depth}{self.mark(listed)} {text}", item=True)
        return Block(f"\\{text}" if text.startswith("#") else text, bold=is_bold(element))

    def mark(self, listed: Listed) -> str:
        if not listed.ordered:
            return "-"
        # A new item starts the lists below it afresh.
        for key in [key for key in self.counters if key[0] == listed.number and key[1] > listed.depth]:
            del self.counters[key]
        self.counters[listed.number, listed.depth] += 1
        return f"{self.counters[listed.number, listed.depth]}."

    def table(self, element: Element) -> Iterator[Block]:
        rows = [list(cell_texts(row)) for row in rows_of(element)]
        if all(len(row) <= 1 for row in rows):
            # A frame around text is not a table.
            for row in rows_of(element):
                for cell in cells_of(row):
                    yield from self.blocks(cell)
            return
        yield Block(table(rows))


def cell_texts(row: Element) -> Iterator[str]:
    """Merged cells speak once, where they begin."""
    for cell in cells_of(row):
        properties = first(cell, "tcPr")
        merged = first(properties, "vMerge")
        continued = merged is not None and attribute(merged, "val") != "restart"
        yield "" if continued else cell_text(cell)
        span = first(properties, "gridSpan")
        yield from [""] * (min(digits(attribute(span, "val")), SPAN_MOST) - 1 if span is not None else 0)


def cell_text(cell: Element) -> str:
    """All paragraphs, those of a table within the table too: markdown can't nest them."""
    return " ".join("".join(spoken(paragraph)) for paragraph in every(cell, "p"))


def spoken(element: Element) -> Iterator[str]:
    """The text of a paragraph in reading order, without that of shapes anchored in it."""
    for inner in element:
        kind = name(inner)
        if kind == "t":
            yield inner.text or ""
        elif kind in SPACES:
            yield "" if attribute(inner, "type") == "page" else SPACES[kind]
        elif kind == "sym":
            yield symbol(attribute(inner, "char"))
        elif kind not in SKIPPED and kind != "txbxContent":
            yield from spoken(inner)


def symbol(code: str) -> str:
    """Symbol fonts put their characters in the private area, where nothing can be read or found."""
    found = re.fullmatch(r"[0-9A-Fa-f]{4}", code)
    meant = chr(int(code, 16)) if found else ""
    return meant if meant.isprintable() else ""


def boxes(paragraph: Element) -> Iterator[Element]:
    """Text boxes; each is stored twice, the second time for programs of before 2010."""
    for box in every(paragraph, "txbxContent"):
        above = [name(parent) for parent in box.iterancestors()]
        if "Fallback" not in above and above.count("txbxContent") == 0:
            yield box


def is_bold(paragraph: Element) -> bool:
    runs = [
        run
        for run in every(paragraph, "r")
        if any(text.text and text.text.strip() for text in every(run, "t"))
    ]
    marks = [first(run, "rPr", "b") for run in runs]
    return bool(runs) and all(
        mark is not None and attribute(mark, "val") not in ("0", "false") for mark in marks
    )


def rows_of(element: Element) -> list[Element]:
    return [row for row in every(element, "tr") if nearest(row, "tbl") is element]


def cells_of(row: Element) -> list[Element]:
    return [cell for cell in every(row, "tc") if nearest(cell, "tr") is row]


def nearest(element: Element, local: str) -> Element | None:
    return next((parent for parent in element.iterancestors() if name(parent) == local), None)


def notes(package: Package, document: str) -> Iterator[tuple[str, str]]:
    for part in package.related(document, "/footnotes").values():
        root = package.optional(part)
        for note in root if root is not None else ():
            text = " ".join("".join(spoken(note)).split())
            if text:
                yield attribute(note, "id"), text


def promoted(blocks: list[Block]) -> list[Block]:
    """Where nobody used heading styles, short bold paragraphs are the headings."""
    if any(block.level for block in blocks):
        return blocks
    return [Block(block.text, level=2) if is_pseudo_heading(block) else block for block in blocks]


def is_pseudo_heading(block: Block) -> bool:
    text = block.text
    return (
        block.bold
        and "\n" not in text
        and len(text) <= PSEUDO_HEADING_CHARACTERS
        and text[-1] not in ".,;:!?"
    )


def assembled(blocks: list[Block]) -> str:
    parts: list[str] = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        if before:
            parts.append("\n" if before.item and block.item else "\n\n")
        parts.append(f"{'#' * block.level} {block.text}" if block.level else block.text)
    return "".join(parts)
