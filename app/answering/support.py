"""Whether a statement of a model's answer stands on the passages that it cites; what does not is marked, not dropped.

Dropping would hold every sentence back until it is whole, and of those that are wrongly doubted a reader could not even
judge for themselves (docs/decisions). The measure is that of bench/support.py: the words that are shared, and how like
the statement the best lines are in meaning. It holds for English; in every language figures have to stand somewhere.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from app.answering.markdown import inline
from ingest.embed import Vectors, static_embedder
from ingest.lexical import guess_language, stems
from ingest.sentences import ABBREVIATION, sentences

MEASURED = "en"
WORDING, MEANING = 0.6, 0.4
THRESHOLD = 0.35
# A statement with fewer content words than this leads over, or greets.
LEAST_STEMS = 4
# Words of courtesy, which are no content.
COURTESY = frozenset(
    stems(
        "thank thanks great happy glad sorry unfortunately hope help helps wonderful nice day please feel free let know"
        " ask question questions need further contact reach out team support customer anything else",
        MEASURED,
    )
)
# What says that something is not known: no source needs to say so.
UNKNOWING = re.compile(
    r"(?:\bno|\bnot|n['’]t|\bcannot|\bnothing)\b.*\b(?:information|details?|mention(?:s|ed)?|say|state[ds]?|specify|know"
    r"|find|answers?|sources?|passages?|documents?|documentation)\b"
    r"|\b(?:sources?|passages?|documents?|documentation)\b.*(?:\bno|\bnot|n['’]t|\bnothing)\b",
    re.IGNORECASE,
)
MARK = re.compile(r"\s?\[(\d{1,3})\]")
LISTED = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
FIGURE = re.compile(r"\d[\d.,:]*\d")
FENCE = "```"
FINISHED = re.compile(
    r"\n|(?P<stop>[.!?…؟।]+[\"'”’»)*`]*)(?:\s?\[\d{1,3}\])*(?=\s+[^\s\[a-zß-öø-ÿα-ωа-я])"
    r"|[。！？]+[”』」）]*(?:\[\d{1,3}\])*(?=[^\s\[。！？”』」）])"
)


def numbers(statement: str) -> list[int]:
    """Of the sources that a statement cites."""
    return [int(number) for number in MARK.findall(statement)]


def stands(statement: str, passages: Sequence[str], asked: str = "") -> bool:
    """Whether a statement stands on the passages, or there is no telling. `asked` is what the visitor has said."""
    said = inline(LISTED.sub("", MARK.sub("", statement)))
    if not passages or said.endswith((":", "：", "?", "？", "؟")):
        return True
    if not figures(said) <= figures(asked).union(*map(figures, passages)):
        return False
    return not _judged(said, passages) or support(said, passages) >= THRESHOLD


def _judged(said: str, passages: Sequence[str]) -> bool:
    """Whether its words can tell: those of a statement about the matter, in the language that was measured."""
    if UNKNOWING.search(said) or len(frozenset(stems(said, MEASURED)) - COURTESY) < LEAST_STEMS:
        return False
    return guess_language(said) == guess_language(" ".join(passages)[:2000]) == MEASURED


def figures(text: str) -> frozenset[int]:
    """The numbers of two digits and more; smaller ones are counted, and written as words, as it comes."""
    return frozenset(int(re.sub("[.,:]", "", number)) for number in FIGURE.findall(text))


def support(said: str, passages: Sequence[str]) -> float:
    """0..1, for an English statement and the passages together."""
    own = frozenset(stems(said, MEASURED))
    known = frozenset().union(*(_known(passage)[0] for passage in passages))
    vector = static_embedder().embed([said])[0]
    meaning = max(float((_known(passage)[1] @ vector).max()) for passage in passages)
    return WORDING * len(own & known) / max(len(own), 1) + MEANING * max(0.0, meaning)


@lru_cache(maxsize=256)
def _known(passage: str) -> tuple[frozenset[str], Vectors]:
    """The stems of a passage; and the meanings of its sentences, and of each with the one after it."""
    single = list(chain.from_iterable(sentences(line) for line in passage.splitlines() if line.strip()))
    paired = [" ".join(pair) for pair in pairwise(single)]
    return frozenset(stems(passage, MEASURED)), static_embedder().embed([*single, *paired] or [""])


class Statements:
    """Feed it the text that is about to be shown: it comes back at once, but for the blanks behind a sentence.

    Behind each statement that `judge` finds without support there stands `mark`.
    """

    def __init__(self, judge: Callable[[str], bool], mark: str) -> None:
        self._judge = judge
        self._mark = mark
        self._open = ""
        self._shown = 0
        self._fenced = False

    def feed(self, text: str) -> str:
        self._open += text
        out: list[str] = []
        while (end := self._end()) is not None:
            out.append(self._ended(end))
        seen = max(self._shown, len(self._open.rstrip()))
        out.append(self._open[self._shown : seen])
        self._shown = seen
        return "".join(out)

    def close(self, *, whole: bool = True) -> str:
        """What waited; the last statement is judged only where it is `whole`."""
        if whole and self._open.strip():
            return self._ended(len(self._open.rstrip()))
        rest, self._open, self._shown = self._open[self._shown :], "", 0
        return rest.rstrip()

    def _end(self) -> int | None:
        for found in FINISHED.finditer(self._open):
            before = self._open[: found.start()]
            if found.group() == "\n":
                if before.strip():
                    return found.start()
                continue
            stop = found.end("stop")
            if stop < 0 or not ABBREVIATION.search(self._open[:stop]):
                return found.end()
        return None

    def _ended(self, end: int) -> str:
        statement, shown = self._open[:end], self._shown
        self._open, self._shown = self._open[end:], 0
        fences = statement.count(FENCE)
        code = self._fenced or fences > 0
        self._fenced ^= bool(fences % 2)
        doubted = not code and statement.strip() and not self._judge(statement)
        said = statement.rstrip()
        return said[shown:] + (f" {self._mark}" if doubted else "") + statement[len(said) :]
