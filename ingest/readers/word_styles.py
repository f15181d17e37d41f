"""What a Word paragraph is: a heading of some level, an item of some list, or neither."""

import re
from dataclasses import dataclass

from ingest.readers.ooxml import Element, Package, attribute, every, first

HEADING = re.compile(r"^heading ([1-9])$", re.IGNORECASE)
DEEPEST = 6
# The outline level by which Word means none.
BODY_TEXT = 9
DEPTH_MOST = 8
BASES_MOST = 10


@dataclass(frozen=True)
class Listed:
    number: str
    depth: int
    ordered: bool


class Styles:
    """Style names inside a file are English whatever Word's language is, and styles inherit from one another."""

    def __init__(self, package: Package, document: str) -> None:
        styles = [package.optional(part) for part in package.related(document, "/styles").values()]
        self.styles = {
            attribute(style, "styleId"): style
            for root in styles
            if root is not None
            for style in every(root, "style")
        }
        self.ordered = dict(ordered_levels(package, document))

    def heading_level(self, paragraph: Element) -> int:
        """1 to 6, or 0 for text."""
        own = outline(first(paragraph, "pPr"))
        for style in [] if own is not None else self.chain(paragraph):
            called = attribute(element, "val") if (element := first(style, "name")) is not None else ""
            if called.lower() == "title":
                return 1
            if found := HEADING.match(called):
                return min(int(found[1]), DEEPEST)
            own = outline(first(style, "pPr"))
            if own is not None:
                break
        return min(own, DEEPEST) if own is not None else 0

    def list_level(self, paragraph: Element) -> Listed | None:
        sources = [first(paragraph, "pPr"), *(first(style, "pPr") for style in self.chain(paragraph))]
        for properties in sources:
            numbering = first(properties, "numPr")
            if numbering is not None:
                return self.listed(numbering)
        return None

    def listed(self, numbering: Element) -> Listed | None:
        number, level = first(numbering, "numId"), first(numbering, "ilvl")
        chosen = attribute(number, "val") if number is not None else ""
        if chosen in ("", "0"):
            return None
        depth = min(digits(attribute(level, "val")) if level is not None else 0, DEPTH_MOST)
        return Listed(chosen, depth, self.ordered.get((chosen, depth), False))

    def chain(self, paragraph: Element) -> list[Element]:
        """The paragraph's style and those that it is based on, nearest first."""
        named = first(paragraph, "pPr", "pStyle")
        found: list[Element] = []
        while named is not None and len(found) < BASES_MOST:
            style = self.styles.get(attribute(named, "val"))
            if style is None:
                break
            found.append(style)
            named = first(style, "basedOn")
        return found


def outline(properties: Element | None) -> int | None:
    """Counted from 1, and 0 for body text."""
    level = first(properties, "outlineLvl")
    if level is None:
        return None
    value = digits(attribute(level, "val"))
    return value + 1 if value < BODY_TEXT else 0


def ordered_levels(package: Package, document: str) -> list[tuple[tuple[str, int], bool]]:
    found: list[tuple[tuple[str, int], bool]] = []
    for part in package.related(document, "/numbering").values():
        root = package.optional(part)
        if root is None:
            continue
        kinds = {attribute(abstract, "abstractNumId"): abstract for abstract in every(root, "abstractNum")}
        for number in every(root, "num"):
            reference = first(number, "abstractNumId")
            abstract = kinds.get(attribute(reference, "val")) if reference is not None else None
            found += [((attribute(number, "numId"), depth), ordered) for depth, ordered in levels(abstract)]
    return found


def levels(abstract: Element | None) -> list[tuple[int, bool]]:
    if abstract is None:
        return []
    return [(digits(attribute(level, "ilvl")), is_ordered(level)) for level in every(abstract, "lvl")]


def is_ordered(level: Element) -> bool:
    kind = first(level, "numFmt")
    return kind is not None and attribute(kind, "val") not in ("bullet", "none")


def digits(text: str) -> int:
    return int(text) if text.isdecimal() else 0
