"""What does jobs (app/kit/jobs.py): takes them from the queue, tries again what fails, gives up what cannot be done."""

import asyncio
import logging
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from pgqueuer import PgQueuer
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from sqlalchemy import text
from sqlalchemy.engine import URL

from app.kit.begun import Begun, Known
from app.kit.clock import now
from app.kit.db import APP_ROLE, Database, libpq_arguments
from app.kit.failures import database_is_away
from app.kit.jobs import Jobs, Kind, Payload, WorkersDied, unpack

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# It is not the job's fault that the database went away; yet nothing is tried for ever.
MAX_ATTEMPTS_AWAY = 20
# How many workers may die at one job before it is taken for the cause.
MAX_DEATHS = 10
RESTART_S = 1.0
PROBE_S = 10.0
# More jobs than this in one process would only wait for one another's database connections, and requests with them.
AT_ONCE = 80
HELD_AT_ONCE = 100
# How often a job was begun without having been given to the queue, or back to it: by who took it from the dead.
TAKEN_OVER = """
SELECT count(*) FILTER (WHERE status = 'picked') - count(*) FILTER (WHERE status = 'queued') AS times
FROM pgqueuer_log WHERE job_id = $1
"""
# What is known of jobs that are long done; of those that wait or are under way all is kept.
FORGET = """
DELETE FROM pgqueuer_log AS line WHERE created < now() - $1::interval
AND NOT EXISTS (SELECT FROM pgqueuer WHERE id = line.job_id)
"""
REMEMBERED = timedelta(days=7)
FORGET_EVERY_S = 3600.0


class Worker:
    """Runs jobs until stopped, on a connection of its own; reconnects when that breaks."""

    def __init__(
        self, database: Database, jobs: Jobs, context: Any, *, lease_s: float, begun: Begun | None = None
    ) -> None:
        self._database = database
        self._url: URL = database.url
        self._jobs = jobs
        self._context = context
        self._lease = timedelta(seconds=lease_s)
        self._begun = begun or Begun()
        self._stopping = asyncio.Event()
        self._queue: PgQueuer | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        async with self._begun.done_by(self._database, self._handle, self._lease):
            await self._follow_queue()

    async def _handle(self, name: str, body: bytes, known: Known) -> None:
        org_id, payload = unpack(body)
        await self._jobs.kinds[name].handler(self._context, org_id, {**payload, **known})

    async def _follow_queue(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run_once()
            except Exception as error:
                if database_is_away(error) or isinstance(
                    error, asyncpg.PostgresError | asyncpg.InterfaceError
                ):
                    log.warning("The job worker lost its database connection and reconnects: %s", error)
                else:
                    log.exception("The job worker failed and starts again")
                await asyncio.sleep(RESTART_S)

    async def _run_once(self) -> None:
        pool = await asyncpg.create_pool(
            **libpq_arguments(self._url),
            min_size=2,
            max_size=4,
            server_settings={"role": APP_ROLE},
            reset=_nothing_to_reset,
        )
        async with pool:
            self._queue = PgQueuer.from_asyncpg_pool(pool)
            for name, kind in self._jobs.kinds.items():
                self._register(self._queue, name, kind)
            if self._stopping.is_set():
                return
            watch = asyncio.create_task(_watch(self._queue))
            try:
                await self._queue.run(
                    dequeue_timeout=self._lease / 2,
                    heartbeat_timeout=self._lease,
                    log_aggregation_interval=timedelta(0),
                    max_concurrent_tasks=AT_ONCE,
                )
            finally:
                watch.cancel()

    def _register(self, queue: PgQueuer, name: str, kind: Kind) -> None:
        # Held is what PGQueuer could not hand back: see `_hand_out_again`.
        @queue.entrypoint(name, concurrency_limit=kind.at_once, on_failure="hold")
        async def run(job: Job) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._under_way.add(task)
            try:
                await self._attempt(job, kind)
            finally:
                self._under_way.discard(task)

    async def _attempt(self, job: Job, kind: Kind) -> None:
        try:
            org_id, payload = unpack(job.payload or b"{}")
        except (msgspec.MsgspecError, KeyError, ValueError):
            log.exception("Job %s cannot be read and is dropped", job.entrypoint)
            return
        try:
            await self._check_deaths(job)
            await kind.handler(self._context, org_id, payload)
        except asyncio.CancelledError as error:  # this worker ends, the job does not
            if self._stopping.is_set():
                await self._database_answers()
            raise RetryRequested(delay=timedelta(0), reason="worker stopped") from error
        except Exception as error:
            if not _tries_again(job, error):
                await self._give_up(job, kind, org_id, payload, error)
                return
            away = database_is_away(error)
            trouble = None if away else error
            log.warning("Job %s failed and is tried again: %s", job.entrypoint, error, exc_info=trouble)
            await self._database_answers()
            delay = timedelta(seconds=1 if away else 2**job.attempts)
            raise RetryRequested(delay=delay, reason=str(error)) from error

    async def _check_deaths(self, job: Job) -> None:
        """Raises WorkersDied where too many ended without a word while they did this job."""
        if now() - job.created < self._lease:  # no lease can have run out yet
            return
        assert self._queue is not None
        found = await self._queue.qm.queries.driver.fetch(TAKEN_OVER, job.id)
        taken_over = found[0]["times"]
        assert isinstance(taken_over, int)
        if taken_over >= MAX_DEATHS:
            raise WorkersDied(f"{MAX_DEATHS} workers ended while they did this job")

    async def _give_up(self, job: Job, kind: Kind, org_id: UUID, payload: Payload, error: Exception) -> None:
        log.error("Job %s is given up", job.entrypoint, exc_info=error)
        if kind.gave_up is None:
            return
        try:
            await kind.gave_up(self._context, org_id, payload, error)
        except Exception as trouble:
            log.warning("What waits for job %s could not be told: %s", job.entrypoint, trouble)
            await self._database_answers()
            raise RetryRequested(delay=timedelta(seconds=MAX_ATTEMPTS), reason=str(trouble)) from trouble

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
        self._begun.close()
        if self._queue is not None:
            self._queue.shutdown.set()
        if under_way := self._under_way | self._begun.under_way:
            await asyncio.wait(under_way, timeout=grace_s)
        for task in under_way:
            task.cancel()


async def _nothing_to_reset(_: object) -> None:
    """Each statement of the queue stands for itself; what asyncpg does instead is a round trip after each of them."""


def _tries_again(job: Job, error: Exception) -> bool:
    if isinstance(error, WorkersDied):
        return False
    return job.attempts + 1 < (MAX_ATTEMPTS_AWAY if database_is_away(error) else MAX_ATTEMPTS)


async def _watch(queue: PgQueuer) -> None:
    """Starts the queue again when PostgreSQL's notifications no longer arrive, and keeps its log short.

    PGQueuer's own probe is not used: it may be sent before its listener listens, and then finds a healthy one dead.
    """
    forget_at = 0.0
    while True:
        await asyncio.sleep(PROBE_S)
        try:
            await _hand_out_again(queue)
            if monotonic() >= forget_at:
                await queue.qm.queries.driver.execute(FORGET, REMEMBERED)
                forget_at = monotonic() + FORGET_EVERY_S
            await queue.qm.listener_healthy(timeout=timedelta(seconds=PROBE_S))
        except (FailingListenerError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning(
                "The job queue's listener does not answer and starts again: %s", error or type(error).__name__
            )
            queue.shutdown.set()
            return


async def _hand_out_again(queue: PgQueuer) -> None:
    """A job that could not be handed back, as the database went away just then, is held as failed: it is not."""
    held = [job.id for job in await queue.qm.queries.list_failed_jobs(limit=HELD_AT_ONCE)]
    if held:
        log.warning("%s jobs that could not be handed back are handed out again", len(held))
        await queue.qm.queries.requeue_jobs(held)
