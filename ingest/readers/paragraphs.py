"""A page's lines, as they were printed, to markdown blocks: headings, bullets, paragraphs, rows of tables."""

import re
from collections.abc import Iterator

BULLET = re.compile(r"^\s*(?:[•●▪◦‣∙·■□○*–—-]|\uf0b7|\uf0a7)\s+(?=\S)")
NUMBERED = re.compile(r"^\s*(?:\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
ENDS_SENTENCE = re.compile(r"[.!?:;…。！？][\"'”’)\]]*$")
# `2.1 Delivery times` is a heading; `2. Delivery` may be an item of a list, and `3 4.5 12` is a row of a table.
SECTION = re.compile(r"^(\d{1,2}|\d{1,2}(?:\.\d{1,2}){1,3}(?=\.?\s))\.?\s+([^\W\d_][^\d|]{2,70})$")
# A line this long, compared with its neighbours, was broken by the margin and not by its author.
FULL = 0.75
NEIGHBOURS = 2
NARROW = 30

Line = tuple[str, int]


def paragraphs(lines: list[str], headings: dict[str, int]) -> Iterator[str]:
    """Blocks in order; `headings` are texts with their levels."""
    titled = with_sections(list(joined_headings(lines, headings)))
    block = ""
    for place, (text, level) in enumerate(titled):
        if level or starts_block(text):
            yield from closed(block)
            block = ""
        block = grown(block, text, level)
        if level or is_last(titled, place):
            yield from closed(block)
            block = ""
        elif not continues(titled, place):
            block += "\n"
    yield from closed(block)


def joined_headings(lines: list[str], headings: dict[str, int]) -> Iterator[Line]:
    """Each line with its heading level or 0; the two lines of a long heading as one."""
    place = 0
    texts = [" ".join(line.split()) for line in lines]
    while place < len(texts):
        both = " ".join(texts[place : place + 2])
        if texts[place] not in headings and both in headings:
            yield both, headings[both]
            place += 2
        else:
            yield texts[place], headings.get(texts[place], 0)
            place += 1


def with_sections(lines: list[Line]) -> list[Line]:
    """Numbered lines that stand alone become headings; in a row they are a table of contents or a list."""
    numbers = [section_number(text) for text, _ in lines]
    return [
        (text, level or section_level(lines, numbers, place)) for place, (text, level) in enumerate(lines)
    ]


def section_number(text: str) -> str:
    found = SECTION.match(text)
    return found[1] if found and found[2][0].isupper() and not NUMBERED.match(text) else ""


def section_level(lines: list[Line], numbers: list[str], place: int) -> int:
    number, text = numbers[place], lines[place][0]
    before, after = ([*numbers, ""][place - 1], [*numbers, ""][place + 1])
    is_alone = (not before or number.startswith(f"{before}.")) and (
        not after or after.startswith(f"{number}.")
    )
    return number.count(".") + 2 if number and is_alone and not ENDS_SENTENCE.search(text) else 0


def starts_block(text: str) -> bool:
    return bool(BULLET.match(text) or NUMBERED.match(text))


def grown(block: str, text: str, level: int) -> str:
    if level:
        return f"{'#' * min(level, 6)} {text}"
    if not block or block.endswith("\n"):
        # A `#` at the start of a line is text here, and would be a heading in markdown.
        return block + (f"\\{text}" if text.startswith("#") else BULLET.sub("- ", text))
    return f"{block} {text}"


def is_last(lines: list[Line], place: int) -> bool:
    """A short line with a full stop ends its paragraph."""
    return bool(ENDS_SENTENCE.search(lines[place][0])) and not is_full(lines, place)


def continues(lines: list[Line], place: int) -> bool:
    text, following = lines[place][0], lines[place + 1][0] if place + 1 < len(lines) else ""
    return not is_row(text) and not is_row(following) and (following[:1].islower() or is_full(lines, place))


def is_row(text: str) -> bool:
    """A line of a table, for most of its words are numbers."""
    words = text.split()
    return len(words) > 1 and sum(any(map(str.isdigit, word)) for word in words) * 2 >= len(words)


def is_full(lines: list[Line], place: int) -> bool:
    """Compared with its neighbours only: a page may have columns of several widths."""
    near = lines[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
    return len(lines[place][0]) >= FULL * max(NARROW, *(len(text) for text, _ in near))


def closed(block: str) -> Iterator[str]:
    if block.strip():
        yield block.strip()
