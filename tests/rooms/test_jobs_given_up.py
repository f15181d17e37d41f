"""What waits for a job is told when nobody tries it any more: no answer, and no document, is under way for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.answering.turn import Context
from app.config import Settings
from app.conversations import answers, messaging, queries, views
from app.kit import worker as workers
from app.kit.db import Database
from app.kit.jobs import Handler, Jobs, Payload, WorkersDied, enqueue
from app.kit.worker import Worker
from app.knowledge import indexing
from app.knowledge.documents import add_document, retry_document
from app.knowledge.models import DocumentVersion
from app.knowledge.queries import latest_version
from app.main import beside
from app.realtime.bus import LocalBus
from app.realtime.drafts import Drafts
from app.worker import all_jobs
from tests.factories import Talk, create_talk, say


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more try after the first, a second later, instead of four within fifteen seconds."""
    monkeypatch.setattr(workers, "MAX_ATTEMPTS", 2)


@asynccontextmanager
async def working(database: Database, table: Jobs, context: Any = None) -> AsyncIterator[None]:
    worker = Worker(database, table, context, lease_s=5)
    async with beside(worker.run()):
        yield
        await worker.stop(grace_s=1)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await holds():
            await asyncio.sleep(0.05)


@pytest.fixture
def name() -> str:
    """A kind of job that no other worker knows."""
    return f"test.{uuid4().hex}"


def table_of(name: str, handler: Handler) -> tuple[Jobs, "asyncio.Queue[tuple[UUID, Payload, Exception]]"]:
    told: asyncio.Queue[tuple[UUID, Payload, Exception]] = asyncio.Queue()

    async def gave_up(_: object, org_id: UUID, payload: Payload, error: Exception) -> None:
        await told.put((org_id, payload, error))

    table = Jobs()
    table.add(name, handler, gave_up=gave_up)
    return table, told


async def test_a_job_that_always_fails_is_given_up_once(database: Database, org_id: UUID, name: str) -> None:
    tries = 0

    async def fail(_: object, __: UUID, ___: Payload) -> None:
        nonlocal tries
        tries += 1
        raise ValueError("never")

    table, told = table_of(name, fail)
    async with database.transaction(org_id) as session:
        await enqueue(session, name, {"number": "1"})
    async with working(database, table):
        owner, payload, error = await asyncio.wait_for(told.get(), 60)
        await until(lambda: gone(database, name))
    assert (owner, payload, str(error)) == (org_id, {"number": "1"}, "never")
    assert tries == 2
    assert told.empty()


async def test_a_job_that_takes_its_workers_with_it_is_given_up(
    database: Database, org_id: UUID, name: str
) -> None:
    async def never(_: object, __: UUID, ___: Payload) -> NoReturn:
        raise AssertionError("It was begun once more.")

    table, told = table_of(name, never)
    async with database.transaction(org_id) as session:
        await enqueue(session, name, {})
    await leave_as_dead_workers_do(database, name, times=workers.MAX_DEATHS)
    async with working(database, table):
        _, _, error = await asyncio.wait_for(told.get(), 60)
    assert isinstance(error, WorkersDied)


async def leave_as_dead_workers_do(database: Database, name: str, *, times: int) -> None:
    """The row of a job that was picked so often, by workers of which none has been heard of since."""
    async with database.transaction(None) as session:
        dead = """UPDATE pgqueuer SET status = 'picked', created = now() - interval '1 hour',
            heartbeat = now() - interval '1 hour' WHERE entrypoint = :name"""
        await session.execute(text(dead), {"name": name})
        log = """INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
            SELECT id, 'picked', entrypoint, priority FROM pgqueuer, generate_series(1, :times)
            WHERE entrypoint = :name"""
        await session.execute(text(log), {"name": name, "times": times})


async def gone(database: Database, name: str) -> bool:
    async with database.transaction(None) as session:
        found = await session.scalar(
            text("SELECT count(*) FROM pgqueuer WHERE entrypoint = :name"), {"name": name}
        )
        return bool(found == 0)


async def test_where_its_end_cannot_be_told_either_it_is_told_later(
    database: Database, org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_ATTEMPTS", 1)
    told = 0

    async def fail(*_: object) -> None:
        raise ValueError("never")

    async def gave_up(*_: object) -> None:
        nonlocal told
        told += 1
        if told == 1:
            raise OSError("the database is away")

    table = Jobs()
    table.add(name, fail, gave_up=gave_up)
    async with database.transaction(org_id) as session:
        await enqueue(session, name, {})
    async with working(database, table):
        await until(lambda: gone(database, name))
    assert told == 2


async def test_a_job_that_could_not_be_handed_back_is_handed_out_again(
    database: Database, org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PROBE_S", 0.2)
    done = asyncio.Event()

    async def run(*_: object) -> None:
        done.set()

    table, _ = table_of(name, run)
    async with database.transaction(org_id) as session:
        await enqueue(session, name, {})
        held = text("UPDATE pgqueuer SET status = 'failed' WHERE entrypoint = :name")
        await session.execute(held, {"name": name})
    async with working(database, table):
        await asyncio.wait_for(done.wait(), 60)


async def test_a_job_that_was_tried_often_and_then_held_is_not_taken_for_a_killer(
    database: Database, org_id: UUID, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handing a held job out again forgets how often it was tried; the log remembers that each try was given back."""
    monkeypatch.setattr(workers, "PROBE_S", 0.2)
    done = asyncio.Event()

    async def run(*_: object) -> None:
        done.set()

    table, told = table_of(name, run)
    async with database.transaction(org_id) as session:
        await enqueue(session, name, {})
    async with database.transaction(None) as session:
        held = """UPDATE pgqueuer SET status = 'failed', attempts = 9, created = now() - interval '1 hour'
            WHERE entrypoint = :name"""
        await session.execute(text(held), {"name": name})
        log = """INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
            SELECT id, unnest(ARRAY['picked', 'queued']::pgqueuer_status[]), entrypoint, priority
            FROM pgqueuer, generate_series(1, 9) WHERE entrypoint = :name"""
        await session.execute(text(log), {"name": name})
    async with working(database, table):
        await asyncio.wait_for(done.wait(), 60)
    assert told.empty()


class BrokenDrafts(Drafts):
    """Whoever begins to write an answer fails."""

    def put(self, *_: object) -> None:
        raise RuntimeError("poisoned")


async def asked(database: Database, org_id: UUID) -> Talk:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my order?")
    return talk


async def bots(database: Database, org_id: UUID, talk: Talk) -> list[views.View]:
    async with database.transaction(org_id) as session:
        found = (await session.scalars(queries.messages(session, talk.id))).all()
        return [views.message_view(message) for message in found if message.author_kind == "bot"]


async def test_an_answer_that_nobody_can_write_is_interrupted_and_can_be_asked_for_again(
    database: Database, org_id: UUID, bus: LocalBus
) -> None:
    talk = await asked(database, org_id)

    async def stands(state: str) -> bool:
        return [answer["state"] for answer in await bots(database, org_id, talk)] == [state]

    async with working(database, all_jobs(), Context(Settings(), database, BrokenDrafts(bus))):
        await until(lambda: stands("interrupted"))
    [answer] = await bots(database, org_id, talk)
    async with database.transaction(org_id) as session:
        await answers.retry_answer(session, UUID(answer["id"]), visitor_id=talk.visitor.id)
    async with working(database, all_jobs(), Context(Settings(), database, Drafts(bus))):
        await until(lambda: stands("complete"))


async def test_an_answer_that_was_never_begun_is_there_to_be_asked_for_again(
    database: Database, org_id: UUID, bus: LocalBus
) -> None:
    class NoModel(Context):
        @property
        def model(self) -> NoReturn:
            raise RuntimeError("poisoned")

    talk = await asked(database, org_id)

    async def interrupted() -> bool:
        return [answer["state"] for answer in await bots(database, org_id, talk)] == ["interrupted"]

    async with working(database, all_jobs(), NoModel(Settings(), database, Drafts(bus))):
        await until(interrupted)


async def test_who_has_been_taken_over_meanwhile_hears_nothing_of_it(
    database: Database, org_id: UUID
) -> None:
    talk = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        question = (await session.scalars(queries.messages(session, talk.id))).one()
        conversation = await messaging.lock(session, talk.id)
        await messaging.change_hands(
            session, conversation, status="waiting", notice={"kind": "x"}, reason="x"
        )
        await answers.give_up_answer(session, talk.id, trigger_id=question.id)
    assert await bots(database, org_id, talk) == []


async def test_a_document_that_cannot_be_indexed_has_failed_and_says_why(
    database: Database, org_id: UUID, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_disk(*_: object, **__: object) -> NoReturn:
        raise OSError("no space left on device")

    async with database.transaction(org_id) as session:
        document = await add_document(session, name="guide.md", content=b"# A guide\n\nText.", added_by=None)

    async def version() -> DocumentVersion:
        async with database.transaction(org_id) as session:
            return await latest_version(session, document.id)

    async def stands(state: str) -> bool:
        return (await version()).state == state

    monkeypatch.setattr(workers, "MAX_ATTEMPTS_AWAY", 2)
    async with working(database, all_jobs(), Context(Settings(), database, Drafts(bus))):
        with monkeypatch.context() as broken:
            broken.setattr(indexing, "_file", no_disk)
            await until(lambda: stands("failed"))
        assert (await version()).failure_message == indexing.UNEXPECTED
        async with database.transaction(org_id) as session:
            await retry_document(session, document.id)
        await until(lambda: stands("ready"))


async def test_a_document_that_ends_its_workers_says_so(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        document = await add_document(session, name="bomb.md", content=b"# A bomb", added_by=None)
        version = await latest_version(session, document.id)
    await indexing.give_up(database, org_id, version.id, WorkersDied("five"))
    async with database.transaction(org_id) as session:
        failed = await latest_version(session, document.id)
    assert (failed.state, failed.failure_code) == ("failed", "workers_died")
    assert "Split it into smaller files" in (failed.failure_message or "")
