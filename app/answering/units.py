"""What an answer can quote: the sentences, list items, table rows and code blocks of a passage."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.answering.markdown import LINK, Block, blocks, inline
from ingest.sentences import joined_lines, sentences

LABEL_WORDS = 9
# What says that an answer follows a question.
ANSWER = re.compile(r"^(?:A|Answer)[.:]\s+")
# A cell of so many words is a sentence, and needs no title to be understood.
PROSE_WORDS = 5
# An item that is longer is a text of its own: only what it begins with is listed.
ITEM_CHARS = 320
# The end of a sentence and the beginning of the next without a blank, as in text that was scraped.
GLUED = re.compile(
    r"(?:(?<=[a-zß-öø-ÿ]{3})\.|(?<=[a-zß-öø-ÿ])[!?])[\"”’)]?(?=[\"“]?[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]*(?:['’][a-z]+)?[ ,])"
)
# What such a mark is part of, if not an end: a name with points, an address.
NAME = re.compile(r"[._/\\@]\S*$")
# Fewer words before or after it may be a name as well (`string.Format`).
GLUED_WORDS = 4
ENDED = re.compile(r"[.!?…؟।。！？:;][\"'”’»)\]*`]*$")


@dataclass(frozen=True)
class Unit:
    """`kind` is sentence, item, row, code or label. Units of one list, table or paragraph share `block`.

    What a long item goes on with are sentences, whose block is that of the list with a minus.
    `context` is the heading, label or question that the unit stands under, `place` the headings that lead there.
    `step` is the number of an ordered item. What `points` only says where something else is to be read.
    """

    passage: int
    position: int
    block: int
    kind: str
    text: str
    context: str = ""
    step: str = ""
    points: bool = False
    place: tuple[str, ...] = ()

    @property
    def leads(self) -> bool:
        """Announces what follows."""
        return self.kind == "sentence" and self.text.rstrip("*").endswith((":", "："))

    @property
    def is_line(self) -> bool:
        """Whether it stands in a row with others rather than in a text."""
        return not ENDED.search(self.text)

    @property
    def asks(self) -> bool:
        return self.text.rstrip("*_ ").endswith(("?", "？", "؟"))


def units(passage: int, text: str, headings: Sequence[str] = ()) -> list[Unit]:
    """The units of a passage, in order. Headings and questions become the context of what follows them."""
    return _Reader(passage, headings).read(blocks(text))


class _Reader:
    def __init__(self, passage: int, headings: Sequence[str]) -> None:
        self._passage = passage
        self._place = tuple(headings)
        self._depth = len(headings)
        self._heading = " ".join(headings[-2:])
        self._under = ""
        self._block = 0
        self._kind = ""
        self._units: list[Unit] = []

    def read(self, found: list[Block]) -> list[Unit]:
        readers: dict[str, Callable[[Block], None]] = {
            "paragraph": self._paragraph,
            "item": self._item,
            "row": self._row,
            "code": self._code,
            "heading": self._headline,
        }
        for block in found:
            if not (block.kind == self._kind and block.kind in ("item", "row")):
                self._block += 1  # items that follow one another are one list
            self._kind = block.kind
            readers[block.kind](block)
        return self._units

    def _add(
        self, kind: str, text: str, step: str = "", *, points: bool = False, further: bool = False
    ) -> None:
        if text:
            context = f"{self._heading} {self._under}".strip()
            where = self._passage, len(self._units), -self._block if further else self._block
            self._units.append(Unit(*where, kind, text, context, step, points, self._place))

    def _paragraph(self, block: Block) -> None:
        for line in joined_lines(block.lines):
            for sentence in sentences(inline(line)):
                for part in _unglued(sentence):
                    self._sentence(part)

    def _sentence(self, text: str) -> None:
        if self._units and self._units[-1].asks:
            text = ANSWER.sub("", text)
        brief = len(text.split()) < LABEL_WORDS and len(text) < 80  # noqa: PLR2004
        label = (brief or " | " in text) and not ENDED.search(text)  # " | " parts the title of a page
        self._add("label" if label else "sentence", _balanced(text))
        if label or self._units[-1].asks:
            self._under = text

    def _item(self, block: Block) -> None:
        listed, *further = _parted(" ".join(inline(line) for line in joined_lines(block.lines)))
        step = block.marker.rstrip(".)") if block.marker[0].isdigit() else ""
        self._add("item", _balanced(listed), step, points=LINK.match(block.text) is not None)
        for sentence in further:
            self._add("sentence", _balanced(sentence), further=True)

    def _row(self, block: Block) -> None:
        name, *cells = block.lines
        title = name if name.startswith("`") else f"**{name.strip('*')}**"
        said = _row_text(title, [pair for pair in zip(block.header[1:], cells, strict=False) if pair[1]])
        self._add("row", said if name else "")

    def _code(self, block: Block) -> None:
        self._add("code", block.text)

    def _headline(self, block: Block) -> None:
        """A passage begins with the last of its headings, or below it; further ones stand beside or beneath that."""
        self._heading = inline(block.text)
        self._under = ""
        if self._heading not in self._place:
            kept = len(self._place) + min(0, block.depth - self._depth - 1)
            self._place = (*self._place[: max(0, kept)], self._heading)
        self._depth = block.depth


def _unglued(text: str) -> Iterator[str]:
    start = 0
    for end in GLUED.finditer(text):
        if _is_end(end, text[start : end.start()]) and not text.count("`", 0, end.start()) % 2:
            yield text[start : end.end()]
            start = end.end()
    yield text[start:]


def _is_end(mark: re.Match[str], before: str) -> bool:
    """A point may be part of a name."""
    after = mark.string[mark.end() :]
    whole = min(len(before.split()), len(after.split())) >= GLUED_WORDS
    return mark[0][0] != "." or (whole and not NAME.search(before))


def _parted(text: str) -> list[str]:
    """The sentences that a list shows of an item, and then each of the others."""
    if len(text) <= ITEM_CHARS:
        return [text]
    told = [part for sentence in sentences(text) for part in _unglued(sentence)]
    ends = list(accumulate(len(sentence) + 1 for sentence in told))
    shown = max(1, sum(end <= ITEM_CHARS for end in ends))
    return [" ".join(told[:shown]), *told[shown:]]


def _row_text(name: str, cells: Sequence[tuple[str, str]]) -> str:
    """A row as it is read aloud. The titles of columns are named where there are several, but for one that explains."""
    if not cells:
        return name
    told = [cell for _, cell in cells if len(cell.split()) >= PROSE_WORDS]
    if len(cells) == 1:
        return f"{name}: {cells[0][1]}"
    if len(told) == 1:
        brief = "; ".join(_titled(title, cell) for title, cell in cells if cell != told[0])
        return f"{name} ({brief}): {told[0]}"
    return f"{name}: {'; '.join(_titled(title, cell) for title, cell in cells)}"


def _titled(title: str, cell: str) -> str:
    return f"{title}: {cell}" if title else cell


def _balanced(text: str) -> str:
    """Without the half of a pair of asterisks that a cut has left behind."""
    return text.replace("**", "") if text.count("**") % 2 else text
