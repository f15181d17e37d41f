"""Another embedder takes over without a gap: its vectors are made beside those in use, and switched to when complete.

The job makes what is missing, batch by batch, so that it goes on where it stopped; documents that come meanwhile are
embedded by the embedder in use, and caught up with. The switch is one transaction under the index lock.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import Database, driver_connection, scope
from app.kit.errors import Conflict
from app.kit.jobs import enqueue
from app.knowledge import large
from app.knowledge.embedders import STATIC, STATIC_DIMENSIONS, Models, active_embedder
from app.knowledge.endpoints import EndpointFailed
from app.knowledge.index_lock import lock_index
from ingest.embed import Vectors, static_embedder

JOB = "knowledge.reindex"
BATCH = 256
# How often it is seen whether the batch that another process makes is made.
ELSEWHERE_S = 0.2

PROGRESS = """
    SELECT next.embedder, next.failure, next.started_at,
           (SELECT count(*) FROM next_vector WHERE org_id = :org),
           (SELECT coalesce(sum(chunks), 0) FROM corpus WHERE org_id = :org)
    FROM next_index next WHERE next.org_id = :org
"""
BEGIN = """
    INSERT INTO next_index (org_id, embedder, started_at) VALUES (:org, :embedder, :at)
    ON CONFLICT (org_id) DO UPDATE SET embedder = excluded.embedder, failure = NULL, started_at = excluded.started_at
"""
# Who embeds, the worker or the command, does it alone, and until its transaction ends: a process that dies lets go.
ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"
# A chunk that was found by a question of an FAQ is embedded as that question.
MISSING = """
    SELECT id, coalesce(question, text) FROM chunk
    WHERE org_id = $1 AND NOT EXISTS (SELECT FROM next_vector WHERE org_id = $1 AND chunk_id = chunk.id)
    ORDER BY id LIMIT $2
"""
ADD = """
    INSERT INTO next_vector (org_id, chunk_id, dense) SELECT $1, * FROM unnest($2::uuid[], $3::halfvec[])
    ON CONFLICT DO NOTHING
"""
SWITCH = """
    UPDATE chunk_vector SET dense = next.dense FROM next_vector next
    WHERE chunk_vector.org_id = $1 AND next.org_id = $1 AND next.chunk_id = chunk_vector.chunk_id
"""
ACTIVATE = """
    INSERT INTO search_index (org_id, embedder, dimensions, switched_at) VALUES (:org, :embedder, :dimensions, :at)
    ON CONFLICT (org_id) DO UPDATE
    SET embedder = excluded.embedder, dimensions = excluded.dimensions, switched_at = excluded.switched_at
"""
DIMENSIONS = "SELECT vector_dims(dense) FROM chunk_vector WHERE org_id = :org LIMIT 1"
NEXT_DIMENSIONS = "SELECT vector_dims(dense) FROM next_vector WHERE org_id = :org LIMIT 1"


class EmbedderInUse(Conflict):
    """The passages are embedded by this model already: there is nothing to do."""

    code = "embedder_in_use"
    title = "Nothing to do"


@dataclass(frozen=True)
class Progress:
    """`done` of `total` passages have a vector of `embedder`. `failure` is why the last attempt stopped."""

    embedder: str
    failure: str | None
    started_at: datetime
    done: int
    total: int


async def progress(session: AsyncSession) -> Progress | None:
    """None where no other embedder is about to take over."""
    row = (await session.execute(text(PROGRESS), {"org": scope(session)})).one_or_none()
    return Progress(row[0], row[1], row[2], row[3], int(row[4])) if row else None


async def begin_reindex(session: AsyncSession, embedder: str) -> None:
    """Has a job make the vectors of `embedder`; what is there of them already is kept. Raises EmbedderInUse."""
    await lock_index(session)
    under_way = await progress(session)
    if (await active_embedder(session)).embedder == embedder:
        await _forget(session)
        if under_way is None:
            raise EmbedderInUse
        return
    if under_way is not None and under_way.embedder != embedder:
        await _forget(session)
    await session.execute(text(BEGIN), {"org": scope(session), "embedder": embedder, "at": now()})
    await enqueue(session, JOB, {"embedder": embedder}, dedupe=f"{JOB}:{scope(session)}")


async def reindex(
    database: Database,
    models: Models,
    org_id: UUID,
    embedder: str,
    *,
    watch: Callable[[int, int], None] | None = None,
) -> None:
    """The job. Goes on where it stopped; ends where another embedder is wanted in the meantime."""
    try:
        while await _advance(database, models, org_id, embedder, watch):
            pass
    except EndpointFailed as error:
        async with database.transaction(org_id) as session:
            said = text("UPDATE next_index SET failure = :said WHERE org_id = :org AND embedder = :embedder")
            await session.execute(said, {"said": str(error), "org": org_id, "embedder": embedder})
        raise


async def _advance(
    database: Database, models: Models, org_id: UUID, embedder: str, watch: Callable[[int, int], None] | None
) -> bool:
    """One batch, or the switch; whether there is more to do. While another process makes a batch, this one waits."""
    async with database.transaction(org_id) as session:
        alone = bool(await session.scalar(text(ALONE), {"key": f"{JOB}:{org_id}"}))
        stands = await progress(session)
        if stands is None or stands.embedder != embedder:
            return False
        if watch is not None:
            watch(stands.done, stands.total)
        missing = await _missing(session, BATCH) if alone else []
        if missing:
            return await _make(session, models, embedder, missing)
    if not alone:
        await asyncio.sleep(ELSEWHERE_S)
        return True
    # Nothing is known yet: what comes will have as many dimensions as any text.
    made = STATIC_DIMENSIONS if stands.total else (await embed_by(models, embedder, ["a"])).shape[1]
    return not await _switch(database, org_id, embedder, made)


async def _make(
    session: AsyncSession, models: Models, embedder: str, missing: Sequence[tuple[UUID, str]]
) -> bool:
    """Whether they are wanted still."""
    vectors = await embed_by(models, embedder, [row[1] for row in missing])
    still = await progress(session)
    if still is None or still.embedder != embedder:
        return False
    org_id = scope(session)
    check_length(vectors, await session.scalar(text(NEXT_DIMENSIONS), {"org": org_id}))
    connection = await driver_connection(session)
    rows = [HalfVector(vector) for vector in vectors]
    await connection.execute(ADD, org_id, [row[0] for row in missing], rows)
    return True


async def _missing(session: AsyncSession, count: int) -> list[tuple[UUID, str]]:
    connection = await driver_connection(session)
    return [(row[0], row[1]) for row in await connection.fetch(MISSING, scope(session), count)]


async def embed_by(models: Models, embedder: str, texts: Sequence[str]) -> Vectors:
    """Raises EndpointFailed."""
    if embedder == STATIC:
        return await asyncio.to_thread(static_embedder().embed, list(texts))
    if models.embedder is None or models.embedder.name != embedder:
        raise EndpointFailed(
            "not_configured",
            f"EMBEDDINGS_MODEL no longer names {embedder}. Set it, or run `frontdesk reindex` again.",
        )
    return await models.embedder.embed(texts)


def check_length(vectors: Vectors, before: int | None) -> None:
    """Vectors of two lengths cannot be compared, and would end every search that meets both. Raises EndpointFailed."""
    if before is not None and vectors.shape[1] != before:
        raise EndpointFailed(
            "other_dimensions",
            f"The embeddings model gives vectors of {vectors.shape[1]} dimensions after {before} before. "
            "Set EMBEDDINGS_DIMENSIONS, and run `frontdesk reindex`.",
        )


async def _switch(database: Database, org_id: UUID, embedder: str, made: int) -> bool:
    """Whether nothing was missing any more, and the new vectors are in use; `made` are their dimensions if there are
    none yet.
    """
    async with database.transaction(org_id) as session:
        await lock_index(session)
        if await _missing(session, 1):
            return False
        connection = await driver_connection(session)
        await connection.execute(SWITCH, org_id)
        dimensions = await session.scalar(text(DIMENSIONS), {"org": org_id}) or made
        found = {"org": org_id, "embedder": embedder, "dimensions": dimensions, "at": now()}
        await session.execute(text(ACTIVATE), found)
        await _forget(session)
        await large.rebuild(session)
        return True


async def _forget(session: AsyncSession) -> None:
    for table in ("next_vector", "next_index"):
        await session.execute(text(f"DELETE FROM {table} WHERE org_id = :org"), {"org": scope(session)})  # noqa: S608 - names above
