"""Markdown tables: made from rows, made compact, and cut where they are long, each part with its header."""

import re
from collections.abc import Iterable, Iterator, Sequence

SEPARATOR = re.compile(r"^\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
PADDING = re.compile(r"[ \t]{2,}")
# A part stays well within a chunk, so that every chunk of a long table says what its columns mean.
PART_CHARACTERS = 800
HEADER_CHARACTERS = 250


def table(rows: Iterable[Sequence[str]]) -> str:
    """A markdown table whose first row is the header; empty rows and empty outer columns are left out."""
    filled = [[cell_text(cell) for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return ""
    width = max(last_filled(row) for row in filled)
    lines = [f"| {' | '.join((row + [''] * width)[:width])} |" for row in filled]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def cell_text(text: str) -> str:
    return " ".join(text.split()).replace("\\|", "|").replace("|", "\\|")


def last_filled(row: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(row, 1) if cell), default=0)


def tidy_tables(markdown: str) -> str:
    """Takes padding out of tables, which costs tokens and says nothing, and repeats headers in long ones."""
    if "|" not in markdown:
        return markdown
    return "\n".join(tidied_lines(markdown.split("\n")))


def tidied_lines(lines: list[str]) -> Iterator[str]:
    fenced = False
    place = 0
    while place < len(lines):
        fenced ^= lines[place].lstrip().startswith("```")
        end = table_end(lines, place) if not fenced else place
        if end > place:
            yield from parts([compact(line) for line in lines[place:end]])
        else:
            yield lines[place]
        place = max(end, place + 1)


def table_end(lines: list[str], start: int) -> int:
    """One past the last line of the table that starts here, or `start` where none does."""
    if start + 1 >= len(lines) or "|" not in lines[start] or not SEPARATOR.match(lines[start + 1]):
        return start
    end = start + 2
    while end < len(lines) and lines[end].lstrip().startswith("|"):
        end += 1
    return end


def compact(line: str) -> str:
    if SEPARATOR.match(line):
        return f"|{' --- |' * (line.count('|') - 1)}"
    return PADDING.sub(" ", line.strip())


def parts(rows: list[str]) -> Iterator[str]:
    header, body = rows[:2], rows[2:]
    yield from header
    size = 0
    for row in body:
        if not row.strip("| "):
            continue
        if size and size + len(row) > PART_CHARACTERS and len(header[0]) <= HEADER_CHARACTERS:
            yield from ("", *header)
            size = 0
        yield row
        size += len(row)
