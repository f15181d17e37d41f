"""What happens while an answer is made, one step after another, for whoever shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any, Literal

from app.answering.markdown import for_reading, name
from app.knowledge.evidence import THRESHOLD, Evidence
from app.knowledge.search import Passage

Outcome = Literal["answered", "unknown", "chat"]
State = Literal["complete", "interrupted"]


@dataclass(frozen=True)
class Searching:
    """The documents are being searched."""


@dataclass(frozen=True)
class Reading:
    """`pages` is how many different places the passages come from."""

    pages: int


@dataclass(frozen=True)
class Text:
    """More of the answer; all deltas together are its text."""

    delta: str


@dataclass(frozen=True)
class Source:
    """What [n] in the text stands for. `place` is a page or a path of headings, `passage` its text as markdown."""

    n: int
    title: str
    place: str | None
    url: str | None
    passage: str

    def view(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Done:
    """The end, always the last step. An interrupted answer has no outcome.

    `hand_off` is why a person is wanted, or None where nobody is.
    """

    text: str
    outcome: Outcome | None
    state: State = "complete"
    sources: tuple[Source, ...] = ()
    hand_off: str | None = None


Step = Searching | Reading | Text | Done


@dataclass
class Why:
    """How an answer came about: filled on the way, stored with the answer."""

    search_query: dict[str, Any] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)
    cited: list[int] = field(default_factory=list)
    evidence: Evidence | None = None
    curated: bool = False
    forbidden: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    prompt: Sequence[Mapping[str, Any]] = ()
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_micros: int | None = None
    failure: str | None = None
    timings: dict[str, int] = field(default_factory=dict)
    _started: float = field(default_factory=monotonic)

    @property
    def decision(self) -> dict[str, Any]:
        """What the evidence was told by, or why none was looked for."""
        if self.forbidden:
            return {"kind": "forbidden", "topic": self.forbidden}
        if self.evidence is None or self.curated:
            return {"kind": "curated"} if self.curated else {}
        features = {name: round(value, 4) for name, value in self.evidence.features.items()}
        return {"kind": self.evidence.kind, "threshold": THRESHOLD, "features": features}

    def mark(self, moment: str) -> None:
        """Notes the first time that something was reached, in milliseconds from the start."""
        self.timings.setdefault(moment, round((monotonic() - self._started) * 1000))


def sources(
    passages: Sequence[Passage], used: Sequence[int], places: Sequence[tuple[str, ...]] = ()
) -> tuple[Source, ...]:
    """The sources behind [1], [2], … of a text; `used` are indexes of `passages` in that order.

    `places` are the headings that each is quoted under, where that is known better than for the passage as a whole.
    """
    known = places or [passages[index].headings for index in used]
    return tuple(
        _source(n, passages[index], place)
        for n, (index, place) in enumerate(zip(used, known, strict=True), 1)
    )


def _source(n: int, passage: Passage, headings: tuple[str, ...]) -> Source:
    url = passage.url if (passage.url or "").startswith(("http://", "https://")) else None
    title = name(passage.title or "") or passage.document_name
    return Source(n, title, _place(passage, headings), url, for_reading(passage.text))


def _place(passage: Passage, headings: tuple[str, ...]) -> str | None:
    """Where in its document something stands."""
    if passage.page is not None:
        return f"page {passage.page}"
    known = tuple(map(name, headings))
    below = known[1:] if known[:1] == (name(passage.title or ""),) else known
    return " › ".join(below) or None


def pages(passages: Sequence[Passage]) -> int:
    return len({(passage.document_id, passage.page) for passage in passages})
