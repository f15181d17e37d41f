"""Jobs: work that must happen, recorded in the same transaction as the reason for it (PGQueuer).

A job that fails is tried again with growing pauses, one whose worker died is taken over once its lease has run out.
So every handler must be able to run twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from pgqueuer import PgQueuer, Queries
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import APP_ROLE, Database, driver_connection, libpq_arguments, scope
from app.kit.failures import database_is_away

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# It is not the job's fault that the database went away; yet nothing is tried for ever.
MAX_ATTEMPTS_AWAY = 20
RESTART_S = 1.0
PROBE_S = 10.0
# More jobs than this in one process would only wait for one another's database connections, and requests with them.
AT_ONCE = 80
Payload = Mapping[str, str]
Handler = Callable[[Any, UUID, Payload], Awaitable[None]]


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Payload,
    *,
    delay: timedelta | None = None,
    dedupe: str | None = None,
) -> None:
    """Adds a job to this transaction. While a job with the same `dedupe` key waits, another one is not added."""
    queue = Queries.from_asyncpg_connection(await driver_connection(session))
    body = msgspec.json.encode({**payload, "org": str(scope(session))})
    await queue.enqueue(name, body, execute_after=delay, dedupe_key=dedupe, on_conflict="skip")


@dataclass
class Jobs:
    """The table of handlers: name -> what runs, called as `handler(context, org_id, payload)`."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, handler: Handler, *, at_once: int = 0) -> None:
        """Registers a handler; `at_once` limits how many run at a time over all workers (0: no limit)."""
        self.handlers[name] = handler
        self.limits[name] = at_once


class Worker:
    """Runs jobs until stopped, on a connection of its own; reconnects when that breaks."""

    def __init__(self, database: Database, jobs: Jobs, context: Any, *, lease_s: float) -> None:
        self._database = database
        self._url: URL = database.url
        self._jobs = jobs
        self._context = context
        self._lease = timedelta(seconds=lease_s)
        self._stopping = asyncio.Event()
        self._queue: PgQueuer | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("The job worker lost its database connection and reconnects: %s", error)
                await asyncio.sleep(RESTART_S)
            except Exception:
                log.exception("The job worker failed and starts again")
                await asyncio.sleep(RESTART_S)

    async def _run_once(self) -> None:
        pool = await asyncpg.create_pool(
            **libpq_arguments(self._url), min_size=2, max_size=4, server_settings={"role": APP_ROLE}
        )
        async with pool:
            self._queue = PgQueuer.from_asyncpg_pool(pool)
            for name, handler in self._jobs.handlers.items():
                self._register(self._queue, name, handler)
            if self._stopping.is_set():
                return
            watch = asyncio.create_task(_watch_listener(self._queue))
            try:
                await self._queue.run(
                    dequeue_timeout=self._lease / 2,
                    heartbeat_timeout=self._lease,
                    log_aggregation_interval=timedelta(0),
                    max_concurrent_tasks=AT_ONCE,
                )
            finally:
                watch.cancel()

    def _register(self, queue: PgQueuer, name: str, handler: Handler) -> None:
        @queue.entrypoint(name, concurrency_limit=self._jobs.limits[name])
        async def run(job: Job) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._under_way.add(task)
            try:
                await self._attempt(job, handler)
            finally:
                self._under_way.discard(task)

    async def _attempt(self, job: Job, handler: Handler) -> None:
        payload = msgspec.json.decode(job.payload or b"{}", type=dict[str, str])
        try:
            await handler(self._context, UUID(payload.pop("org")), payload)
        except asyncio.CancelledError as error:
            if self._stopping.is_set():  # this worker ends, the job does not
                await self._database_answers()
                raise RetryRequested(delay=timedelta(0), reason="worker stopped") from error
            raise
        except Exception as error:
            away = database_is_away(error)
            if job.attempts + 1 >= (MAX_ATTEMPTS_AWAY if away else MAX_ATTEMPTS):
                raise
            trouble = None if away else error
            log.warning("Job %s failed and is tried again: %s", job.entrypoint, error, exc_info=trouble)
            await self._database_answers()
            delay = timedelta(seconds=1 if away else 2**job.attempts)
            raise RetryRequested(delay=delay, reason=str(error)) from error

    async def _database_answers(self) -> None:
        """Waits for the database. PGQueuer takes a hand-back that it cannot record for the end of the job."""
        while True:
            try:
                async with self._database.transaction(None) as session:
                    await session.execute(text("SELECT 1"))
            except Exception as error:
                if not database_is_away(error):
                    raise
            else:
                return
            await asyncio.sleep(RESTART_S)

    async def stop(self, *, grace_s: float) -> None:
        """No new jobs; those under way may end within `grace_s`, the others go back to the queue for somebody else."""
        self._stopping.set()
        if self._queue is not None:
            self._queue.shutdown.set()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace_s)
        for task in list(self._under_way):
            task.cancel()


async def _watch_listener(queue: PgQueuer) -> None:
    """Starts the queue again when PostgreSQL's notifications no longer arrive.

    PGQueuer's own probe is not used: it may be sent before its listener listens, and then finds a healthy one dead.
    """
    while True:
        await asyncio.sleep(PROBE_S)
        try:
            await queue.qm.listener_healthy(timeout=timedelta(seconds=PROBE_S))
        except (FailingListenerError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning(
                "The job queue's listener does not answer and starts again: %s", error or type(error).__name__
            )
            queue.shutdown.set()
            return
