"""How good search is on a set of questions whose answers are known: figures, through the path that visitors take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from statistics import fmean
from time import perf_counter
from uuid import UUID

from app.kit.db import Database
from app.knowledge.evaluation_set import Asked, Corpus, Progress, load, read_set, remove, scratch_organisation
from app.knowledge.evidence import evidence
from app.knowledge.search import Passage, search

CUTS = (1, 5, 10)
# Passages asked for, so that ten documents are left where several passages are of one.
DEPTH = 50
RANKED = 10


@dataclass
class Figures:
    """What one corpus gave: for each question with a relevant document the ranks (from 1) of those it found."""

    documents: int = 0
    found: list[tuple[list[int], int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)

    def add(self, others: "Figures") -> None:
        self.documents += others.documents
        self.found += others.found
        self.seconds += others.seconds
        self.answered += others.answered
        self.refused += others.refused

    def recall(self, cut: int) -> float:
        return _mean(sum(rank <= cut for rank in ranks) / relevant for ranks, relevant in self.found)

    def reciprocal_rank(self) -> float:
        return _mean(1 / ranks[0] if ranks else 0.0 for ranks, _ in self.found)

    def gain(self) -> float:
        """NDCG over the first ten."""
        return _mean(
            sum(1 / log2(rank + 1) for rank in ranks)
            / sum(1 / log2(place + 2) for place in range(min(relevant, RANKED)))
            for ranks, relevant in self.found
        )

    def latency(self, percent: int) -> float:
        """Milliseconds that a search took, below which `percent` of them stay."""
        ordered = sorted(self.seconds) or [0.0]
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000

    def as_json(self) -> dict[str, object]:
        return {
            **{f"recall@{cut}": round(self.recall(cut), 4) for cut in CUTS},
            "ndcg@10": round(self.gain(), 4),
            "mrr": round(self.reciprocal_rank(), 4),
            "latency_p50_ms": round(self.latency(50), 2),
            "latency_p95_ms": round(self.latency(95), 2),
            "answerable_answered": round(_mean(self.answered), 4),
            "unanswerable_refused": round(_mean(self.refused), 4) if self.refused else None,
            "queries": len(self.found),
            "documents": self.documents,
        }


def _mean(values: Iterable[float]) -> float:
    return fmean(list(values) or [0.0])


def _quiet(_: str, __: int, ___: int) -> None:
    """Nobody watches."""


async def evaluate(database: Database, directory: Path, *, progress: Progress = _quiet) -> dict[str, object]:
    """Figures of the set in `directory`, and of each of its corpora where it has several (languages, bots).

    The corpus is indexed into a scratch organisation, which is removed afterwards. `progress` is called with the
    step, how much of it is done and how much there is. Raises EvaluationSetMissing.
    """
    corpora = read_set(directory)
    each = {corpus.name: await _measure(database, corpus, progress) for corpus in corpora}
    total = Figures()
    for figures in each.values():
        total.add(figures)
    parts = {"corpora": {name: figures.as_json() for name, figures in each.items()}} if len(each) > 1 else {}
    return {"set": directory.name, **total.as_json(), **parts}


async def _measure(database: Database, corpus: Corpus, progress: Progress) -> Figures:
    org_id = await scratch_organisation(database)
    try:
        await load(database, org_id, corpus, progress)
        return await _ask_all(database, org_id, corpus, progress)
    finally:
        await remove(database, org_id)


async def _ask_all(database: Database, org_id: UUID, corpus: Corpus, progress: Progress) -> Figures:
    figures = Figures(documents=len(corpus.entries))
    queries = [asked for asked in corpus.queries if asked.id in corpus.relevant or not asked.answerable]
    for done, asked in enumerate(queries):
        progress("searching", done, len(queries))
        passages = await _passages(database, org_id, asked, figures.seconds)
        confident = evidence(asked.query(), passages).enough
        if asked.id in corpus.relevant:
            figures.found.append(ranks(passages, corpus.relevant[asked.id]))
            figures.answered.append(confident)
        else:
            figures.refused.append(not confident)
    progress("searching", len(queries), len(queries))
    return figures


async def _passages(database: Database, org_id: UUID, asked: Asked, seconds: list[float]) -> list[Passage]:
    async with database.transaction(org_id) as session:
        started = perf_counter()
        passages = await search(session, asked.query(), limit=DEPTH)
        seconds.append(perf_counter() - started)
    return passages


def ranks(passages: Sequence[Passage], relevant: set[str]) -> tuple[list[int], int]:
    """Where relevant documents stand among the first ten, each document by its best passage; and how many there are.

    A document that is noted to say the same as another stands after that.
    """
    each = ((passage.document_name, *(one.document_name for one in passage.also)) for passage in passages)
    names = list(dict.fromkeys(name for names in each for name in names))[:RANKED]
    return [rank for rank, name in enumerate(names, 1) if name in relevant], len(relevant)
