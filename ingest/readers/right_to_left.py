"""Pages written from right to left.

A PDF file holds what is drawn where, and programs draw such lines in any order: the letters of a word from its end, the
words of a line from the left, or either as it is read. So the places decide: a line is put in the order in which it is
seen, and from that into the one in which it is read (UAX 9, the other way round).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pypdfium2
from pypdfium2.raw import FPDFText_GetUnicode

# Of a page's letters, how many make it one of these.
SHARE = 0.3
# What is a blank between letters where none is stored: such a share of those that are, or of the line's height.
BLANK, NO_BLANK = 0.8, 0.2
SOME = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# A line's end, or where a word was cut there.
ENDS = frozenset("\r\n\x02\ufffe")
# What stands for a letter that nobody knows: nothing, or half of one.
NO_LETTERS = frozenset(map(chr, (0, *range(0xD800, 0xE000))))
DRAWN = re.compile(r"[\ufb1d-\ufdff\ufe70-\ufefc]+")
# Words written from the left among others, with what stands between them; and numbers, with their points and signs.
FROM_LEFT = re.compile(r"(?=[^R]*L)[LN](?:[^R]*[LN])?|t*N+(?:cN+)*t*")
FROM_RIGHT = re.compile(r"R(?:[^L]*R)?")
# As Unicode has it: letters of either direction, digits, what stands within numbers, and at them. All else is "o".
KINDS = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N", "ES": "c", "CS": "c", "ET": "t"}
BRACKETS = {"(": ")", "[": "]", "{": "}"}
MIRRORED = BRACKETS | {closing: opening for opening, closing in BRACKETS.items()}


@dataclass
class Glyph:
    """A letter with its marks. `mirrored`: it stands in what is read from the right, where brackets are drawn so."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    mirrored: bool = False

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def kind(self) -> str:
        return KINDS.get(unicodedata.bidirectional(self.text[0]), "o")

    @property
    def level(self) -> tuple[float, float]:
        return self.bottom, self.top

    @property
    def is_mark(self) -> bool:
        return unicodedata.combining(self.text[0]) > 0

    def take(self, mark: "Glyph") -> None:
        self.text = unicodedata.normalize("NFC", self.text + mark.text)
        if mark.level == self.level:
            self.left, self.right = min(self.left, mark.left), max(self.right, mark.right)


def in_reading_order(data: bytes, texts: dict[int, str]) -> dict[int, str]:
    """The texts of pages that are written from right to left, by their number, of all that are given."""
    found: dict[int, str] = {}
    numbers = [number for number, text in texts.items() if is_from_the_right(text)]
    with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(data) as document:
        for number in numbers:
            page = document[number - 1]
            if page.get_rotation() == 0:
                found[number] = text_of([put_in_order(line) for line in lines_of(page.get_textpage())])
            page.close()
    return found


def is_from_the_right(text: str) -> bool:
    return len(SOME.findall(text)) > SHARE * sum(map(str.isalpha, text))


def lines_of(text: pypdfium2.PdfTextPage) -> Iterator[list[Glyph]]:
    """The page's lines as they are seen, from the left. Blanks without a width are guesses."""
    line: list[Glyph] = []
    for at in range(text.count_chars()):
        character, box = chr(FPDFText_GetUnicode(text, at)), text.get_charbox(at, loose=True)
        if character in ENDS and line:
            yield as_seen(line)
            line = []
        elif character not in NO_LETTERS and (box[0] < box[2] or not character.isspace()):
            line.append(Glyph(character, *box))
    if line:
        yield as_seen(line)


def as_seen(line: Sequence[Glyph]) -> list[Glyph]:
    """Marks with the letters that they are drawn at. Where a word has one place, they are among its letters."""
    places = Counter((glyph.left, glyph.right) for glyph in line)
    marks = [glyph for glyph in line if glyph.is_mark and places[glyph.left, glyph.right] == 1]
    letters = sorted((glyph for glyph in line if glyph not in marks), key=lambda glyph: glyph.middle)
    if not letters:
        return list(line)
    for mark in sorted(marks, key=lambda mark: -mark.middle):
        nearest = min(
            letters, key=lambda letter: (letter.level != mark.level, abs(letter.middle - mark.middle))
        )
        nearest.take(mark)
    return with_gaps(letters)


def with_gaps(line: Sequence[Glyph]) -> list[Glyph]:
    blanks = [glyph.right - glyph.left for glyph in line if glyph.text.isspace()]
    least = BLANK * median(blanks) if blanks else NO_BLANK * max(glyph.top - glyph.bottom for glyph in line)
    found = list(line[:1])
    for before, after in pairwise(line):
        wide = after.left - before.right > least
        if wide and not before.text.isspace() and not after.text.isspace():
            found.append(Glyph(" ", before.right, before.bottom, after.left, before.top))
        found.append(after)
    return found


def put_in_order(seen: Sequence[Glyph]) -> list[Glyph]:
    """As it is read: what is written against the line's direction is turned round."""
    kinds = kinds_of(seen)
    if kinds.count("R") >= kinds.count("L"):
        return from_the_right(seen)
    found = list(seen)
    for run in FROM_RIGHT.finditer(kinds):
        found[run.start() : run.end()] = from_the_right(found[run.start() : run.end()])
    return found


def from_the_right(seen: Sequence[Glyph]) -> list[Glyph]:
    found = list(reversed(seen))
    for glyph in found:
        glyph.mirrored = True
    for run in FROM_LEFT.finditer(kinds_of(found)):
        inside = found[run.start() : run.end()][::-1]
        for glyph in inside:
            glyph.mirrored = False
        found[run.start() : run.end()] = inside
    return found


def kinds_of(line: Sequence[Glyph]) -> str:
    return "".join(glyph.kind for glyph in line)


def text_of(lines: Sequence[Sequence[Glyph]]) -> str:
    """Brackets are stored as they look or as they are meant: where they would close before they open, as they look."""
    meant = [glyph.text for line in lines for glyph in line if glyph.text in MIRRORED and glyph.mirrored]
    looks = unmatched(meant) > unmatched([MIRRORED[bracket] for bracket in meant])
    said = (
        "".join(MIRRORED.get(it.text, it.text) if looks and it.mirrored else it.text for it in line)
        for line in lines
    )
    return "\n".join(
        DRAWN.sub(lambda run: unicodedata.normalize("NFKC", run[0]), line).strip() for line in said
    )


def unmatched(brackets: Sequence[str]) -> int:
    """Those that close nothing."""
    open_ones: list[str] = []
    stray = 0
    for bracket in brackets:
        if bracket in BRACKETS:
            open_ones.append(BRACKETS[bracket])
        elif open_ones and open_ones[-1] == bracket:
            open_ones.pop()
        else:
            stray += 1
    return stray
