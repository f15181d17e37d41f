"""A question tried out: what is found for it, by what, and whether that would be enough to answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from app.kit.db import Database
from app.knowledge.embedders import Models
from app.knowledge.evidence import THRESHOLD, Evidence, evidence
from app.knowledge.finding import find
from app.knowledge.preparing import prepare
from app.knowledge.question import Query, Question, Statistics, Word
from app.knowledge.search import Passage, likely
from ingest.lexical import number


@dataclass(frozen=True)
class SearchedWord:
    """A word of the question. `rarity` is what it counts, `chunks` in how many passages it stands; `instead` are the
    stems of what stands in for one that stands in none.
    """

    text: str
    rarity: float
    chunks: int
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """`compared` is "every" where all `chunks` were compared with the question, "likely" where an index chose."""

    passages: list[Passage]
    words: list[SearchedWord]
    languages: list[str]
    chunks: int
    compared: str
    evidence: Evidence
    threshold: float
    milliseconds: float
    embedder: str
    notes: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        return self.evidence.enough


async def try_question(
    database: Database, models: Models, org_id: UUID, query: Query, *, limit: int = 10
) -> Trial:
    """Searches as for a visitor, and says how."""
    started = perf_counter()
    found = await find(database, models, org_id, query, limit=limit)
    took = (perf_counter() - started) * 1000
    async with database.transaction(org_id) as session:
        question, statistics = await prepare(session, query)
    return Trial(
        passages=found.passages,
        words=_words(question, statistics),
        languages=list(statistics.languages),
        chunks=statistics.chunks,
        compared="every" if likely(question, statistics) is None else "likely",
        evidence=await asyncio.to_thread(evidence, query, found.passages),
        threshold=THRESHOLD,
        milliseconds=took,
        embedder=statistics.active.embedder,
        notes=found.notes,
    )


def _words(question: Question, statistics: Statistics) -> list[SearchedWord]:
    """Those of this turn, in their order, each once."""
    return [
        _word(word, [number(term) for term in word.terms(statistics)], statistics)
        for word in {word.text: word for word in question.said}.values()
    ]


def _word(word: Word, terms: Sequence[int], statistics: Statistics) -> SearchedWord:
    rarity = sum(statistics.idf(term) for term in terms)
    chunks = max((statistics.frequency.get(term, 0) for term in terms), default=0)
    return SearchedWord(word.text, rarity, chunks, word.instead)
