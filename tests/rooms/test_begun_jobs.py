"""Jobs that somebody waits for: done by the process that asks for them, and by the queue where that cannot be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID, uuid4

import pytest
from pgqueuer import Queries
from sqlalchemy import text

from app.kit import begun
from app.kit.begun import Begun, begin
from app.kit.db import Database
from app.kit.jobs import Payload
from app.kit.worker import Worker
from tests.rooms.working import working_on

Run = Callable[[Payload], Awaitable[None]]
LEASE_S = 1.5


@pytest.fixture
def name() -> str:
    """A kind of job that no other worker knows."""
    return f"test.{uuid4().hex}"


@pytest.fixture
async def here(database: Database) -> AsyncIterator[tuple[Database, Begun]]:
    """A process: its database hands jobs to what it has begun."""
    mine = Begun()
    own = Database(database.url, info={"begun": mine})
    yield own, mine
    await own.close()


class Long:
    """A job that takes until it may finish."""

    def __init__(self) -> None:
        self.runs = 0
        self.finish = asyncio.Event()

    async def run(self, _: Payload) -> None:
        self.runs += 1
        await self.finish.wait()


def working(
    database: Database, name: str, run: Run, mine: Begun | None = None, grace_s: float = 1
) -> AbstractAsyncContextManager[Worker]:
    async def handle(_: object, __: UUID, payload: Payload) -> None:
        await run(payload)

    return working_on(database, name, handle, begun=mine, lease_s=LEASE_S, grace_s=grace_s)


async def ask(database: Database, org_id: UUID, name: str, number: int = 1) -> None:
    async with database.transaction(org_id) as session:
        await begin(session, name, {"number": str(number)})


async def stored(database: Database, name: str) -> tuple[int, int]:
    """How many jobs of this name are begun somewhere, and how many are in the queue."""
    counts = """SELECT (SELECT count(*) FROM begun_job WHERE name = :name),
        (SELECT count(*) FROM pgqueuer WHERE entrypoint = :name)"""
    async with database.transaction(None) as session:
        row = (await session.execute(text(counts), {"name": name})).one()
    return row[0], row[1]


async def settled(database: Database, name: str, wanted: tuple[int, int]) -> None:
    async with asyncio.timeout(15):
        while await stored(database, name) != wanted:
            await asyncio.sleep(0.02)


async def test_it_is_done_here_once_it_is_committed_and_never_queued(
    here: tuple[Database, Begun], org_id: UUID, name: str
) -> None:
    database, mine = here
    seen: asyncio.Queue[tuple[Payload, tuple[int, int]]] = asyncio.Queue()

    async def run(payload: Payload) -> None:
        await seen.put((payload, await stored(database, name)))

    async with working(database, name, run, mine):
        with pytest.raises(RuntimeError):
            async with database.transaction(org_id) as session:
                await begin(session, name, {"number": "0"})
                raise RuntimeError
        await ask(database, org_id, name)
        assert await asyncio.wait_for(seen.get(), 5) == ({"number": "1"}, (1, 0))
        await settled(database, name, (0, 0))
    assert seen.empty()


@pytest.mark.parametrize("why", ["no worker here", "enough to do"])
async def test_it_is_left_to_the_queue(
    here: tuple[Database, Begun], org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    database, mine = here
    done = asyncio.Event()

    async def run(_: Payload) -> None:
        done.set()

    if why == "enough to do":
        monkeypatch.setattr(begun, "MOST", 0)
        async with working(database, name, run, mine):
            await ask(database, org_id, name)
            await asyncio.wait_for(done.wait(), 5)
        return
    await ask(database, org_id, name)
    assert await stored(database, name) == (0, 1)
    async with working(database, name, run, mine):
        await asyncio.wait_for(done.wait(), 5)


async def test_what_fails_is_tried_again_by_the_queue(
    here: tuple[Database, Begun], org_id: UUID, name: str
) -> None:
    database, mine = here
    tries: list[tuple[int, int]] = []

    async def run(_: Payload) -> None:
        tries.append(await stored(database, name))
        if len(tries) == 1:
            raise ValueError("not yet")

    async with working(database, name, run, mine):
        await ask(database, org_id, name)
        async with asyncio.timeout(15):
            while len(tries) < 2:
                await asyncio.sleep(0.02)
        await settled(database, name, (0, 0))
    assert tries == [(1, 0), (0, 1)]


async def test_what_a_stopping_process_breaks_off_is_done_by_another_at_once(
    here: tuple[Database, Begun], database: Database, org_id: UUID, name: str
) -> None:
    own, mine = here
    begins, finished = asyncio.Event(), asyncio.Event()

    async def hang(_: Payload) -> None:
        begins.set()
        await asyncio.sleep(60)

    async def finish(_: Payload) -> None:
        finished.set()

    async with working(own, name, hang, mine, grace_s=0):
        await ask(own, org_id, name)
        await asyncio.wait_for(begins.wait(), 5)
    assert await stored(database, name) == (0, 1)
    async with working(database, name, finish):
        await asyncio.wait_for(finished.wait(), 5)


async def test_what_a_dead_process_had_begun_is_done_once_its_lease_has_run_out(
    database: Database, org_id: UUID, name: str
) -> None:
    alive, dead = uuid4(), uuid4()
    done: asyncio.Queue[str] = asyncio.Queue()

    async def run(payload: Payload) -> None:
        await done.put(payload["number"])

    rows = """INSERT INTO begun_job (id, name, body, alive_at)
        SELECT id, :name, convert_to(format('{"org":"%s","number":"%s"}', CAST(:org AS text), id), 'UTF8'), at
        FROM (VALUES (CAST(:alive AS uuid), now() + interval '1 hour'), (CAST(:dead AS uuid), now() - interval '9 s'))
        AS left_behind (id, at)"""
    async with database.transaction(None) as session:
        values = {"name": name, "org": str(org_id), "alive": alive, "dead": dead}
        await session.execute(text(rows), values)
    async with working(database, name, run):
        assert await asyncio.wait_for(done.get(), 10) == str(dead)
        await settled(database, name, (1, 0))
    assert done.empty()


async def test_a_long_one_is_known_to_be_alive(here: tuple[Database, Begun], org_id: UUID, name: str) -> None:
    database, mine = here
    long = Long()
    async with working(database, name, long.run, mine):
        await ask(database, org_id, name)
        await asyncio.sleep(2 * LEASE_S)
        assert await stored(database, name) == (1, 0)
        long.finish.set()
        await settled(database, name, (0, 0))
    assert long.runs == 1


async def test_what_cannot_be_queued_stays_begun(
    here: tuple[Database, Begun], org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, mine = here
    tried, done = asyncio.Event(), asyncio.Event()

    async def fail(_: Payload) -> None:
        tried.set()
        raise ValueError("not yet")

    async def finish(_: Payload) -> None:
        done.set()

    async def ends(*_: object, **__: object) -> None:
        raise asyncio.CancelledError("as if the process ended")

    async with working(database, name, fail, mine):
        with monkeypatch.context() as broken:
            broken.setattr(Queries, "enqueue", ends)
            await ask(database, org_id, name)
            await asyncio.wait_for(tried.wait(), 5)
            await asyncio.sleep(LEASE_S / 5)
        assert await stored(database, name) == (1, 0)
    async with working(database, name, finish):
        await asyncio.wait_for(done.wait(), 10)


async def test_one_that_holds_every_connection_is_known_to_be_alive(
    database: Database, org_id: UUID, name: str
) -> None:
    mine = Begun()
    narrow = Database(database.url, info={"begun": mine}, pool_size=1, patience_s=60)
    runs = 0

    async def hold(_: Payload) -> None:
        nonlocal runs
        runs += 1
        async with narrow.statements(org_id):
            await asyncio.sleep(2 * LEASE_S)

    async with working(narrow, name, hold, mine), working(database, name, hold):
        await ask(narrow, org_id, name)
        await settled(database, name, (0, 0))
    await narrow.close()
    assert runs == 1


async def test_whoever_watches_over_them_goes_on_after_an_error(
    here: tuple[Database, Begun],
    org_id: UUID,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    database, mine = here
    long = Long()
    async with working(database, name, long.run, mine):
        with monkeypatch.context() as broken:
            broken.setattr(begun, "LIVES", "SELECT unheard_of($1)")
            await ask(database, org_id, name)
            await asyncio.sleep(LEASE_S / 2)
            assert "unheard_of" in caplog.text
        await asyncio.sleep(2 * LEASE_S)
        assert await stored(database, name) == (1, 0)
        long.finish.set()
        await settled(database, name, (0, 0))
    assert long.runs == 1
