"""Organisations of very many chunks: a copy of their vectors with indexes of its own (migration 0008).

Comparing a question with every chunk is exact, and fast up to some ten thousand. Beyond, a job makes a copy with an
HNSW index for meaning and an inverted one for words, while searches go on; what both find is compared exactly. The
copy is kept true in the transactions that change what is searched, and dropped when no longer needed.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import Database, scope
from app.kit.jobs import enqueue
from app.knowledge.index_lock import lock_index

log = logging.getLogger(__name__)

# Chunks from which on the copy pays, and below which it goes: apart, so that one document more or less changes nothing.
LARGE, NO_LONGER_LARGE = 10_000, 7_500
JOB = "knowledge.large"
# A search that has seen that there is a copy will have read it by then: where it goes for good, and where it is made
# anew.
GRACE, SOON = timedelta(minutes=1), timedelta(seconds=5)
# So many chunks at once, and such a share of all, are not added to the copy one by one, for which everybody who changes
# what is found would wait: it is made anew, and meanwhile every chunk is compared.
MANY, SHARE = 2_000, 0.25

SIZE = "SELECT coalesce(sum(chunks), 0)::bigint FROM corpus WHERE org_id = :org"
STATE = "SELECT state FROM large_index WHERE org_id = :org"
SET_STATE = """
    INSERT INTO large_index (org_id, state, changed_at) VALUES (:org, :state, :at)
    ON CONFLICT (org_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
"""


async def size(session: AsyncSession) -> int:
    return int(await session.scalar(text(SIZE), {"org": scope(session)}) or 0)


async def state(session: AsyncSession) -> str | None:
    found: str | None = await session.scalar(text(STATE), {"org": scope(session)})
    return found


async def keep_in_step(session: AsyncSession) -> None:
    """Asks for the copy to be made or dropped, where the organisation has grown or shrunk past a threshold."""
    chunks, stands = await size(session), await state(session)
    if (chunks > LARGE and stands is None) or (chunks < NO_LONGER_LARGE and stands is not None):
        await enqueue(session, JOB, {}, dedupe=_one_job(session))


async def added(session: AsyncSession, versions: Sequence[UUID], chunks: int) -> None:
    """Versions are in, with so many chunks in all. The index must be locked."""
    if await state(session) != "ready":
        return
    if chunks >= max(MANY, SHARE * await size(session)):
        await rebuild(session)
        return
    for version_id in versions:
        await session.execute(text("SELECT large_add(:version)"), {"version": version_id})


async def taken(session: AsyncSession, version_id: UUID) -> None:
    """A version's chunks are going. The index must be locked."""
    if await state(session) == "ready":
        await session.execute(text("SELECT large_take(:version)"), {"version": version_id})


async def settle(database: Database, org_id: UUID) -> None:
    """The job: makes or drops the copy, as the organisation's size wants it. May run twice."""
    async with database.transaction(org_id) as session:
        await lock_index(session)
        chunks, stands = await size(session), await state(session)
        wanted = chunks >= NO_LONGER_LARGE if stands else chunks > LARGE
        if not wanted:
            return await _leave(session)
        if stands == "ready":
            return None
        await _set(session, "building")
    if not await _build(database, org_id):
        return await settle(database, org_id)
    log.info("The %d chunks of organisation %s have an index of their own now", chunks, org_id)
    return None


async def _leave(session: AsyncSession) -> None:
    """First nobody is sent to the copy any more, and when the last has left it goes."""
    if await _out_of_use(session):
        await enqueue(session, JOB, {}, delay=GRACE)
    else:
        await session.execute(text("SELECT large_drop()"))


async def _build(database: Database, org_id: UUID) -> bool:
    """Takes minutes, in which everybody searches and publishes; what they change is caught up with at the end.

    False where that cannot be: the vectors are others now.
    """
    async with database.transaction(org_id) as session:
        await session.execute(text("SELECT large_build()"))
    async with database.transaction(org_id) as session:
        await lock_index(session)
        if await state(session) != "building":
            return False
        await session.execute(text("SELECT large_refresh()"))
        await _set(session, "ready")
        return True


async def _set(session: AsyncSession, stands: str) -> None:
    await session.execute(text(SET_STATE), {"org": scope(session), "state": stands, "at": now()})


async def rebuild(session: AsyncSession) -> None:
    """The copy, if there is one, is out of use at once, and made anew when the last has left it.

    The index must be locked.
    """
    if await _out_of_use(session):
        await enqueue(session, JOB, {}, delay=SOON, dedupe=_one_job(session))


async def _out_of_use(session: AsyncSession) -> bool:
    """Sends nobody to the copy any more. False where nobody was sent there."""
    gone = text("DELETE FROM large_index WHERE org_id = :org RETURNING true")
    return bool(await session.scalar(gone, {"org": scope(session)}))


def _one_job(session: AsyncSession) -> str:
    return f"{JOB}:{scope(session)}"
