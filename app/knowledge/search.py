"""Search: the passages of an organisation that answer a question, best first.

Dense and lexical vectors are compared with all of the organisation's chunks, exactly, in one statement. Both scores
are taken as shares of their best and added; the best of that are looked at again for words that stand together, and
the best of those line by line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import HalfVector, SparseVector

from app.kit.db import Transaction, driver_connection, scope
from app.knowledge.duplicates import Seen, firsts
from app.knowledge.lines import LEAST_LIKENESS, LOOKED_AT, WEIGHTS, Shown, look_closely
from app.knowledge.models import FILES
from app.knowledge.preparing import prepare
from app.knowledge.question import Query, Question, Statistics
from ingest.embed import Vectors
from ingest.lexical import DIMENSIONS

__all__ = ["Passage", "Query", "search"]

# How many of the first look get the second one.
CANDIDATES = 50

# Passages read besides those asked for, to stand in for those that say the same as another.
SPARE = 15

# Of an organisation with an index of its own (app/knowledge/large.py): how many chunks near the question (a share of
# all, within bounds), and how many with its rare words, are compared with it exactly. Words are rare as long as all of
# them together stand in no more chunks than RARE. They must carry most of the question, or all chunks are compared
# after all. What fewer of each lose, and what more of each cost, bench/large.py prints (decision 10).
NEAR, LEAST_NEAR, MOST_NEAR, WORDED = 0.01, 100, 400, 500
RARE, LEAST_WEIGHT = 10_000, 0.6

# Each look-up by id stands in a subquery of its own (OFFSET 0 keeps it there): with a stale idea of how many chunks
# an organisation has, the planner would join all of them to all of them. The best scores are scalars for the same
# reason: they are found once. The first look orders by the sum of both shares, times the best lexical score.
EVERY = """
        SELECT chunk_id, -(dense <#> $2) AS dense, -(lexical <#> $3) AS lexical
        FROM chunk_vector WHERE org_id = $1
"""
LIKELY = "SELECT * FROM large_candidates($2, $3, $9, $10, $11)"
BEST_OF = """
    WITH scored AS MATERIALIZED (%s
    ), best AS MATERIALIZED (
        SELECT greatest(max(dense), $8) AS dense, greatest(max(lexical), 1e-9) AS lexical FROM scored
    ), first AS MATERIALIZED (
        SELECT * FROM scored
        ORDER BY lexical + (SELECT $5 * lexical / dense FROM best) * greatest(dense, 0) DESC, chunk_id LIMIT $6
    ), second AS MATERIALIZED (
        SELECT first.*, greatest(dense, 0) / (SELECT dense FROM best) AS dense_share,
               lexical - together.pairs AS worded, together.version_id, together.reads, together.terms
        FROM first, LATERAL (
            SELECT pairs <#> $4 AS pairs, version_id, reads, terms FROM chunk_pairs
            WHERE org_id = $1 AND chunk_id = first.chunk_id OFFSET 0
        ) AS together
    ), third AS MATERIALIZED (
        SELECT second.*,
               (worded / greatest((SELECT max(worded) FROM second), 1e-9) + $5 * dense_share) / (1 + $5) AS score
        FROM second
    ), fused AS MATERIALIZED (
        SELECT * FROM (
            SELECT DISTINCT ON (version_id, reads) * FROM third ORDER BY version_id, reads, score DESC, chunk_id
        ) AS each
        ORDER BY score DESC, chunk_id LIMIT $7
    )
    SELECT fused.chunk_id, fused.dense, fused.lexical, fused.score, fused.terms,
           chunk.document_id, chunk.headings, chunk.page, chunk.question, chunk.text,
           document.source, document.name, document.title, document.url
    FROM fused,
        LATERAL (SELECT * FROM chunk WHERE id = fused.chunk_id AND org_id = $1 OFFSET 0) chunk,
        LATERAL (SELECT * FROM document WHERE id = chunk.document_id AND org_id = $1 OFFSET 0) document
    ORDER BY fused.score DESC, fused.chunk_id
"""
SEARCH = BEST_OF % EVERY
SEARCH_LARGE = BEST_OF % LIKELY


@dataclass(frozen=True, slots=True)
class Likely:
    """What is compared of a large organisation: chunks with these rare terms, and so many near the question."""

    rare: list[int]
    near: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A document that has (nearly) the same passage."""

    document_id: UUID
    document_name: str
    title: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found, with what speaks for it. Of a document's chunks that read the same the best is found.

    `kind` is where its document comes from, as Document.source: of an FAQ's (`faq`) `document_id` is the entry's id,
    and `question` the variant that was found (None where the answer's own words were), whose cosine with what was asked
    is `dense`.

    `score` orders the passages, 0..1, 1 for one that is best in every way. `dense` is the cosine with the question,
    `lexical` the BM25 score, with their ranks among those looked at closely. `coverage` is the share of the question's
    weight that the passage's words carry, 0..1. `strength` is the BM25 score for each unit of that weight, at most
    K1 + 1: how much the passage speaks of all that was asked, whatever the length of the question. `also` are further
    documents that say the same. `reranked` is what a reranker thinks of it, which then orders them.
    """

    chunk_id: UUID
    document_id: UUID
    document_name: str
    title: str | None
    url: str | None
    headings: tuple[str, ...]
    page: int | None
    text: str
    score: float
    dense: float
    lexical: float
    dense_rank: int
    lexical_rank: int
    coverage: float
    strength: float
    kind: str = "upload"
    question: str | None = None
    also: tuple[Elsewhere, ...] = ()
    reranked: float | None = None


async def search(
    session: Transaction,
    query: Query,
    *,
    limit: int = 10,
    exactly: bool = False,
    meaning: Vectors | None = None,
) -> list[Passage]:
    """The best passages for the question, best first; none where nothing is known.

    `meaning` is the question's vector where the organisation's embedder is an endpoint (app/knowledge/finding.py);
    without it such an organisation is searched by words alone.
    `exactly` compares every chunk, however many there are: what the plan in use is measured against.
    """
    question, statistics = await prepare(session, query)
    if meaning is not None:
        question = replace(question, dense=meaning)
    return await search_by(session, question, None if exactly else likely(question, statistics), limit)


async def search_by(
    session: Transaction, question: Question, compared: Likely | None, limit: int
) -> list[Passage]:
    """The best passages for a question that is ready; `compared` as `likely` has it."""
    connection = await driver_connection(session)
    parameters = _parameters(question, limit)
    if compared is None:
        rows = await connection.fetch(SEARCH, scope(session), *parameters)
    else:
        found = (compared.rare, compared.near, WORDED)
        rows = await connection.fetch(SEARCH_LARGE, scope(session), *parameters, *found)
    closely = _closely(rows, question, max(LOOKED_AT, limit))
    return _distinct(closely[: limit + SPARE], question, limit)


def likely(question: Question, statistics: Statistics) -> Likely | None:
    """By what to look for candidates; None where every chunk is to be compared."""
    if not statistics.large:
        return None
    rare: list[int] = []
    chunks = 0
    for term in sorted(question.terms, key=lambda term: statistics.frequency.get(term, 0)):
        chunks += statistics.frequency.get(term, 0)
        if rare and chunks > RARE:
            break
        rare.append(term)
    if sum(question.terms[term] for term in rare) < LEAST_WEIGHT * question.weight:
        return None
    return Likely(rare, min(MOST_NEAR, max(LEAST_NEAR, round(NEAR * statistics.chunks))))


def _parameters(question: Question, limit: int) -> Sequence[object]:
    """Typed, so that the driver sends them in binary: as text they would cost more than the search."""
    return (
        HalfVector(question.dense),
        SparseVector(question.terms, DIMENSIONS),
        SparseVector(question.pairs, DIMENSIONS),
        question.dense_weight,
        max(CANDIDATES, limit + SPARE),
        max(LOOKED_AT, limit + SPARE),
        LEAST_LIKENESS,
    )


def _closely(
    rows: Sequence[Mapping[str, Any]], question: Question, most: int
) -> list[tuple[Mapping[str, Any], float]]:
    """The rows, best first, each with its score: of the first `most` by what their lines say, too."""
    looked = [Shown(row["text"], row["title"], _file(row)) for row in rows[:most]]
    scores = np.array([row["score"] for row in rows]) * (1 + question.dense_weight)
    found = look_closely(question.wording, looked, scores[: len(looked)])
    scores[: len(looked)] += found @ WEIGHTS
    scores /= 1 + question.dense_weight + sum(WEIGHTS)
    return [(rows[at], float(scores[at])) for at in np.argsort(-scores, kind="stable")]


def _file(row: Mapping[str, Any]) -> str | None:
    return row["name"] if row["source"] in FILES else None


def _distinct(
    found: Sequence[tuple[Mapping[str, Any], float]], question: Question, limit: int
) -> list[Passage]:
    """One of those that say the same, the best, which notes where else it stands."""
    asked, shown = frozenset(question.terms), dict[int, Passage]()
    texts = [Seen(row["text"], np.frombuffer(row["terms"], ">i4"), asked) for row, _ in found]
    dense, lexical = (sorted((row[by] for row, _ in found), reverse=True) for by in ("dense", "lexical"))
    for number, (first, (row, score)) in enumerate(zip(firsts(texts, limit), found, strict=True)):
        if first == number:
            ranks = dense.index(row["dense"]) + 1, lexical.index(row["lexical"]) + 1
            shown[first] = _passage(row, score, ranks, question.coverage(texts[first].said), question.weight)
        elif first is not None:
            shown[first] = _noting(shown[first], row)
    return list(shown.values())


def _passage(
    row: Mapping[str, Any], score: float, ranks: tuple[int, int], coverage: float, weight: float
) -> Passage:
    """`weight` is the question's."""
    return Passage(
        chunk_id=row["chunk_id"],
        document_id=row["document_id"],
        kind=row["source"],
        document_name=row["name"],
        title=row["title"],
        url=row["url"],
        headings=tuple(row["headings"]),
        page=row["page"],
        question=row["question"],
        text=row["text"],
        score=score,
        dense=row["dense"],
        lexical=row["lexical"],
        dense_rank=ranks[0],
        lexical_rank=ranks[1],
        coverage=coverage,
        strength=row["lexical"] / weight if weight else 0.0,
    )


def _noting(passage: Passage, row: Mapping[str, Any]) -> Passage:
    noted = {passage.document_id, *(one.document_id for one in passage.also)}
    if row["document_id"] in noted:
        return passage
    place = Elsewhere(row["document_id"], row["name"], row["title"], row["url"])
    return replace(passage, also=(*passage.also, place))
