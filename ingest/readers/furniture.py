"""Running headers, footers and page numbers: said on every page, they would be found on every page."""

import re
from collections import Counter
from collections.abc import Iterator

# Lines looked at, from the top and from the bottom of each page.
EDGE = 2
PAGES_NEEDED = 4
SHARE = 0.5
NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|seite|p\.)\s*)?\d{1,5}(?:\s*(?:/|of|von)\s*\d{1,5})?\W*$", re.IGNORECASE
)


def without_furniture(pages: dict[int, list[str]]) -> dict[int, list[str]]:
    """The lines of each page without those that stand at the edge of most pages, whatever number is in them."""
    pages = {number: [line.rstrip() for line in lines if line.strip()] for number, lines in pages.items()}
    if len(pages) < PAGES_NEEDED:
        return pages
    seen = Counter(shape for lines in pages.values() for shape in {shape_of(line) for line in edges(lines)})
    repeated = {shape for shape, count in seen.items() if count >= SHARE * len(pages)}
    said: set[str] = set()
    return {number: [*trimmed(lines, repeated, said)] for number, lines in pages.items()}


def edges(lines: list[str]) -> list[str]:
    return lines[:EDGE] + lines[-EDGE:]


def shape_of(line: str) -> str:
    return NUMBER.sub("0", " ".join(line.split()).lower())


def trimmed(lines: list[str], repeated: set[str], said: set[str]) -> Iterator[str]:
    """Drops what was `said` before: the first mention may be the document's title."""
    last = len(lines) - EDGE
    for place, line in enumerate(lines):
        shape = shape_of(line)
        at_edge = len(lines) > 2 * EDGE and (place < EDGE or place >= last)
        if not at_edge or not (shape in said or PAGE_NUMBER.match(line)):
            yield line
        if at_edge and shape in repeated:
            said.add(shape)
