"""Jobs: recorded with their reason, run until they succeed, taken over from the dead."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kit import worker as workers
from app.kit.db import Database
from app.kit.jobs import Payload, enqueue
from app.kit.worker import Worker
from tests.rooms.working import working_on

Run = Callable[[UUID, Payload], Awaitable[None]]


def working(
    database: Database, name: str, run: Run, *, lease_s: float = 5
) -> AbstractAsyncContextManager[Worker]:
    async def handle(_: object, org_id: UUID, payload: Payload) -> None:
        await run(org_id, payload)

    return working_on(database, name, handle, lease_s=lease_s)


@pytest.fixture
def name() -> str:
    """A kind of job that no other worker knows."""
    return f"test.{uuid4().hex}"


async def test_a_job_runs_once_its_transaction_is_committed(
    database: Database, org_id: UUID, name: str
) -> None:
    seen: asyncio.Queue[tuple[UUID, Payload]] = asyncio.Queue()

    async def run(owner: UUID, payload: Payload) -> None:
        await seen.put((owner, payload))

    async with working(database, name, run):
        with pytest.raises(RuntimeError):
            async with database.transaction(org_id) as session:
                await enqueue(session, name, {"number": "rolled back"})
                raise RuntimeError
        async with database.transaction(org_id) as session:
            await enqueue(session, name, {"number": "committed"})
        assert await asyncio.wait_for(seen.get(), 5) == (org_id, {"number": "committed"})
    assert seen.empty()


async def test_a_job_that_fails_is_tried_again(database: Database, org_id: UUID, name: str) -> None:
    done = asyncio.Event()
    attempts = 0

    async def run(_: UUID, __: Payload) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 2:
            raise ValueError("not yet")
        done.set()

    async with working(database, name, run):
        async with database.transaction(org_id) as session:
            await enqueue(session, name, {})
        await asyncio.wait_for(done.wait(), 10)
    assert attempts == 2


async def test_a_job_waiting_under_a_key_is_not_added_twice(
    database: Database, org_id: UUID, name: str
) -> None:
    runs = 0

    async def run(_: UUID, __: Payload) -> None:
        nonlocal runs
        runs += 1

    async with database.transaction(org_id) as session:
        for _ in range(3):
            await enqueue(session, name, {}, dedupe=name)
    async with working(database, name, run):
        await asyncio.sleep(1)
    assert runs == 1


async def test_what_a_stopped_worker_was_doing_is_done_by_the_next(
    database: Database, org_id: UUID, name: str
) -> None:
    begun, finished = asyncio.Event(), asyncio.Event()

    async def hang(_: UUID, __: Payload) -> None:
        begun.set()
        await asyncio.sleep(60)

    async def finish(_: UUID, __: Payload) -> None:
        finished.set()

    async with database.transaction(org_id) as session:
        await enqueue(session, name, {})
    async with working(database, name, hang):
        await asyncio.wait_for(begun.wait(), 5)
    async with working(database, name, finish):
        await asyncio.wait_for(finished.wait(), 10)


async def test_the_log_of_jobs_that_are_long_done_is_kept_short(
    database: Database, org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PROBE_S", 0.1)

    async def run(_: UUID, __: Payload) -> None:
        raise AssertionError("It is not due.")

    async with database.transaction(org_id) as session:
        await enqueue(session, name, {}, delay=timedelta(days=1))
        log = """INSERT INTO pgqueuer_log (created, job_id, status, entrypoint, priority)
            SELECT now() - make_interval(days => age), id, 'queued', :name, 0
            FROM (SELECT id FROM pgqueuer WHERE entrypoint = :name UNION SELECT -1) jobs, unnest(ARRAY[1, 8]) age"""
        await session.execute(text(log), {"name": name})

    async def kept() -> list[tuple[bool, int]]:
        async with database.transaction(None) as session:
            lines = """SELECT job_id = -1, extract(day FROM now() - created)::int FROM pgqueuer_log
                WHERE entrypoint = :name AND created < now() - interval '1 hour' ORDER BY 1, 2"""
            return [tuple(row) for row in await session.execute(text(lines), {"name": name})]

    assert await kept() == [(False, 1), (False, 8), (True, 1), (True, 8)]
    async with working(database, name, run), asyncio.timeout(10):
        while (True, 8) in await kept():
            await asyncio.sleep(0.05)
    assert await kept() == [(False, 1), (False, 8), (True, 1)]
