"""Jobs that somebody waits for: the process that asks for one does it itself, as soon as it is committed.

Such a job is a row that says when it was last known to be alive. What fails, and what a process leaves behind that
ends, goes to the queue (app/kit/jobs.py), where it is tried again, or given up. A process that does no jobs, or has
enough of them, leaves a job to the queue from the start.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from pgqueuer import Queries
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database, after_commit, driver_connection, fetch, scope
from app.kit.failures import database_is_away
from app.kit.ids import new_id
from app.kit.jobs import Payload, enqueue, pack

log = logging.getLogger(__name__)

# More than this in one process would only wait for one another's database connections.
MOST = 60
# What failed is tried again after this pause; what was broken off, at once.
PAUSE = timedelta(seconds=1)
# So often within its lease a job is said to be alive, and those of the dead are looked for.
BEATS = 3

BEGIN = "INSERT INTO begun_job (id, name, body) VALUES ($1, $2, $3)"
END = "DELETE FROM begun_job WHERE id = $1"
LIVES = "UPDATE begun_job SET alive_at = now() WHERE id = ANY($1)"
TAKE = "DELETE FROM begun_job WHERE id = ANY($1) RETURNING name, body"
TAKE_FROM_THE_DEAD = """
    DELETE FROM begun_job WHERE id IN (
        SELECT id FROM begun_job WHERE alive_at < now() - $1::interval FOR UPDATE SKIP LOCKED
    ) RETURNING name, body
"""

# What a job is given beside its payload where it is done by the process that asked for it.
Known = Mapping[str, object]
Do = Callable[[str, bytes, Known], Awaitable[None]]


def room_here(session: AsyncSession) -> "Begun | None":
    """Those whom a job of this transaction would be added to; None where it would be left to the queue."""
    here: Begun | None = session.info.get("begun")
    return here if here is not None and here.has_room else None


async def begin(session: AsyncSession, name: str, payload: Payload, **known: object) -> None:
    """Has a job done once this transaction is committed: here, with what is `known` already, or else by the queue."""
    here = room_here(session)
    if here is None:
        await enqueue(session, name, payload)
        return
    job_id, body = new_id(), pack(scope(session), payload)
    await fetch(session, BEGIN, job_id, name, body)
    after_commit(session, lambda: here.start(job_id, name, body, known))


class Begun:
    """The jobs that this process has begun, as long as its worker runs (`done_by`)."""

    def __init__(self) -> None:
        self._carry_out: Callable[[UUID, str, bytes, Known], Coroutine[Any, Any, None]] | None = None
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._broken_off: list[UUID] = []

    @property
    def has_room(self) -> bool:
        return self._carry_out is not None and len(self._tasks) < MOST

    @property
    def under_way(self) -> set[asyncio.Task[None]]:
        return set(self._tasks.values())

    def start(self, job_id: UUID, name: str, body: bytes, known: Known) -> None:
        if self._carry_out is None:  # closed since there was room
            self._broken_off.append(job_id)
            return
        self._tasks[job_id] = task = asyncio.create_task(self._carry_out(job_id, name, body, known))
        task.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    def close(self) -> None:
        """From now on, all is left to the queue."""
        self._carry_out = None

    @asynccontextmanager
    async def done_by(self, database: Database, do: Do, lease: timedelta) -> AsyncIterator[None]:
        """Jobs are begun here until the block ends; what is still under way then goes to the queue."""
        self._carry_out = partial(self._try, database, do)
        watch = asyncio.create_task(self._watch(database.url, lease))
        try:
            yield
        finally:
            self.close()
            ending = {watch, *self.under_way}
            for task in ending:
                task.cancel()
            await asyncio.wait(ending)
            await _or_later(_hand_over(database, self._broken_off, timedelta(0)))

    async def _try(
        self, database: Database, do: Do, job_id: UUID, name: str, body: bytes, known: Known
    ) -> None:
        try:
            await do(name, body, known)
        except asyncio.CancelledError:
            self._broken_off.append(job_id)
            raise
        except Exception as error:
            trouble = None if database_is_away(error) else error
            log.warning("Job %s failed and is tried again: %s", name, error, exc_info=trouble)
            await _or_later(_hand_over(database, [job_id], PAUSE))
        else:
            await _or_later(_end(database, job_id))

    async def _watch(self, url: URL, lease: timedelta) -> None:
        """On a connection of its own: the jobs may hold all the others, for as long as they are many."""
        database = Database(url, pool_size=1)
        try:
            while True:
                await asyncio.sleep(lease.total_seconds() / BEATS)
                try:
                    await _or_later(_beat(database, list(self._tasks), lease))
                except Exception:
                    log.exception("Jobs could not be said to be alive")
        finally:
            await database.close()


async def _beat(database: Database, mine: Sequence[UUID], lease: timedelta) -> None:
    async with database.transaction(None) as session:
        await fetch(session, LIVES, mine)
        left = await fetch(session, TAKE_FROM_THE_DEAD, lease)
        await _enqueue(session, left, timedelta(0))
    if left:
        log.warning("%s jobs that another process began and did not end go to the queue", len(left))


async def _end(database: Database, job_id: UUID) -> None:
    async with database.transaction(None) as session:
        await fetch(session, END, job_id)


async def _hand_over(database: Database, job_ids: Sequence[UUID], delay: timedelta) -> None:
    if job_ids:
        async with database.transaction(None) as session:
            await _enqueue(session, await fetch(session, TAKE, job_ids), delay)


async def _enqueue(session: AsyncSession, rows: Sequence[asyncpg.Record], delay: timedelta) -> None:
    queue = Queries.from_asyncpg_connection(await driver_connection(session))
    for row in rows:
        await queue.enqueue(row["name"], row["body"], execute_after=delay)


async def _or_later(work: Awaitable[None]) -> None:
    """Where the database is away the row stays, and is taken for that of a dead process once it is back."""
    try:
        await work
    except Exception as error:
        if not database_is_away(error):
            raise
        log.warning("What became of a job could not be noted: %s", error)
