"""What an answer can quote: the sentences, list items, table rows and code blocks of a passage."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.answering.markdown import Block, blocks, inline
from app.answering.sentences import joined_lines, sentences

LABEL_WORDS = 9
ENDED = re.compile(r"[.!?…؟।。！？:;][\"'”’»)\]*`]*$")


@dataclass(frozen=True)
class Unit:
    """`kind` is sentence, item, row, code or label. Units of one list, table or paragraph share `block`.

    `context` is the heading, label or question that the unit stands under. `step` is the number of an ordered item.
    """

    passage: int
    position: int
    block: int
    kind: str
    text: str
    context: str = ""
    step: str = ""

    @property
    def leads(self) -> bool:
        """Announces what follows."""
        return self.kind == "sentence" and self.text.rstrip("*").endswith((":", "："))

    @property
    def asks(self) -> bool:
        return self.text.rstrip("*_ ").endswith(("?", "？", "؟"))


def units(passage: int, text: str, headings: Sequence[str] = ()) -> list[Unit]:
    """The units of a passage, in order. Headings and questions become the context of what follows them."""
    return _Reader(passage, " ".join(headings[-2:])).read(blocks(text))


class _Reader:
    def __init__(self, passage: int, heading: str) -> None:
        self._passage = passage
        self._heading = heading
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

    def _add(self, kind: str, text: str, step: str = "") -> None:
        if text:
            context = f"{self._heading} {self._under}".strip()
            position = len(self._units)
            self._units.append(Unit(self._passage, position, self._block, kind, text, context, step))

    def _paragraph(self, block: Block) -> None:
        for line in joined_lines(block.lines):
            for sentence in sentences(inline(line)):
                self._sentence(sentence)

    def _sentence(self, text: str) -> None:
        label = len(text.split()) < LABEL_WORDS and len(text) < 80 and not ENDED.search(text)  # noqa: PLR2004
        self._add("label" if label else "sentence", _balanced(text))
        if label or self._units[-1].asks:
            self._under = text

    def _item(self, block: Block) -> None:
        text = _balanced(" ".join(inline(line) for line in joined_lines(block.lines)))
        self._add("item", text, block.marker.rstrip(".)") if block.marker[0].isdigit() else "")

    def _row(self, block: Block) -> None:
        name, *cells = block.lines
        titled = len(cells) > 1
        pairs = zip(block.header[1:], cells, strict=False)
        values = [f"{title}: {cell}" if titled and title else cell for title, cell in pairs if cell]
        title = name if name.startswith("`") else f"**{name.strip('*')}**"
        self._add("row", f"{title}: {'; '.join(values)}" if name and values else name)

    def _code(self, block: Block) -> None:
        self._add("code", block.text)

    def _headline(self, block: Block) -> None:
        self._heading = inline(block.text)
        self._under = ""


def _balanced(text: str) -> str:
    """Without the half of a pair of asterisks that a cut has left behind."""
    return text.replace("**", "") if text.count("**") % 2 else text
