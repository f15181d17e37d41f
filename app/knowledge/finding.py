"""What a visitor's question finds, by all that search has: the organisation's embedder, and a reranker if there is one.

No transaction is open while an endpoint is waited for. One that fails costs its share of the search and nothing else:
without embeddings words alone are searched, without a reranker the order stays as it was fused.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from app.kit.db import Database, Transaction
from app.knowledge.embedders import Active, Models
from app.knowledge.endpoints import EndpointFailed
from app.knowledge.preparing import prepare
from app.knowledge.question import Statistics
from app.knowledge.search import Passage, Query, likely, search, search_by
from ingest.embed import Vectors

log = logging.getLogger(__name__)

# Passages that a reranker is shown.
RERANKED = 30
NOT_CONFIGURED = (
    "The passages were embedded by {0}, which EMBEDDINGS_MODEL and EMBEDDINGS_DIMENSIONS no longer name. "
    "Set them again, or run `frontdesk reindex`."
)


@dataclass(frozen=True)
class Found:
    """`statistics` are those of the question's words; `notes` say what search had to do without, for the operator:
    empty where all is well.
    """

    passages: list[Passage]
    statistics: Statistics
    notes: tuple[str, ...] = ()


async def find(database: Database, models: Models, org_id: UUID, query: Query, *, limit: int = 10) -> Found:
    """The best passages, best first."""
    try:
        return await _find(database, models, org_id, query, limit)
    except asyncpg.DataError:
        # Another embedder took over between the question's vector and the search.
        return await _find(database, models, org_id, query, limit)


async def find_at_once(
    session: Transaction, models: Models, query: Query, *, limit: int = 10
) -> Found | None:
    """The same in a transaction that is open already; None where an endpoint would have to be waited for."""
    if models.reranker:
        return None
    passages, statistics = await _by_itself(session, query, limit)
    return None if passages is None else Found(passages, statistics)


async def _find(database: Database, models: Models, org_id: UUID, query: Query, limit: int) -> Found:
    wide = max(limit, RERANKED) if models.reranker else limit
    async with database.reading(org_id) as session:
        passages, statistics = await _by_itself(session, query, wide)
    notes: list[str] = []
    if passages is None:
        meaning, notes = await _meaning(models, statistics.active, query)
        async with database.reading(org_id) as session:
            passages = await search(session, query, limit=wide, meaning=meaning)
    passages = await _reranked(models, query, passages, notes)
    return Found(passages[:limit], statistics, tuple(notes))


async def _by_itself(
    session: Transaction, query: Query, limit: int
) -> tuple[list[Passage] | None, Statistics]:
    """The best passages, or None where the organisation's embedder has to be asked first."""
    question, statistics = await prepare(session, query)
    if not statistics.active.is_static:
        return None, statistics
    return await search_by(session, question, likely(question, statistics), limit), statistics


async def _meaning(models: Models, active: Active, query: Query) -> tuple[Vectors | None, list[str]]:
    """The question's vector by the organisation's embedder; None, and why, where that cannot be had."""
    if models.embedder is None or models.embedder.name != active.embedder:
        return None, [NOT_CONFIGURED.format(active.embedder)]
    try:
        [vector] = await models.embedder.embed([asked_of(query)], deadline_s=models.deadline_s)
    except EndpointFailed as error:
        log.warning("Searching by words alone: %s", error)
        return None, [f"Searched by words alone: {error}"]
    if len(vector) != active.dimensions:
        return None, [NOT_CONFIGURED.format(active.embedder)]
    return vector, []


def asked_of(query: Query) -> str:
    """A question with the two before it, as an endpoint is to embed it."""
    return "\n".join((*query.history[-2:], query.text))


async def _reranked(
    models: Models, query: Query, passages: Sequence[Passage], notes: list[str]
) -> list[Passage]:
    if models.reranker is None or len(passages) < 2:  # noqa: PLR2004
        return list(passages)
    texts = [" › ".join((*passage.headings, passage.text)) for passage in passages]
    try:
        order = await models.reranker.order(query.text, texts, deadline_s=models.deadline_s)
    except EndpointFailed as error:
        log.warning("The order stays as it was fused: %s", error)
        notes.append(f"Not reranked: {error}")
        return list(passages)
    return [replace(passages[index], reranked=score) for index, score in order]
