"""An answer that the asking process writes itself: it begins together with its question."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from app.answering.turn import Context, reply
from app.conversations import messaging, views
from app.conversations.answers import OpenAnswer
from app.conversations.erasure import erase_visitor
from app.kit.begun import Begun
from app.kit.db import Database
from app.kit.jobs import Jobs, Payload
from app.kit.worker import Worker
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.worker import answer_visitor
from tests.factories import Talk, create_talk, say

SOUND = "How do I turn the sound off?"
RETURNS = "And how long do I have to return a chair?"
Job = Callable[[Any, UUID, Payload], Any]


@pytest.fixture
async def here(database: Database, bus: LocalBus) -> AsyncIterator[tuple[Database, Begun]]:
    """A process that takes questions and answers them."""
    mine = Begun()
    own = Database(database.url, reactions=REACTIONS, info={"bus": bus, "begun": mine})
    yield own, mine
    await own.close()


@asynccontextmanager
async def working(context: Context, mine: Begun, job: Job) -> AsyncIterator[None]:
    table = Jobs()
    table.add("answering.reply", job)
    worker = Worker(context.database, table, context, lease_s=30, begun=mine)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        await worker.stop(grace_s=1)
        await asyncio.wait_for(running, 10)


async def _asked(database: Database, org_id: UUID, talk: Talk, text: str) -> UUID:
    async with database.transaction(org_id) as session:
        return (await say(session, talk, text)).id


async def _messages(database: Database, org_id: UUID, talk: Talk) -> list[views.View]:
    async with database.transaction(org_id) as session:
        view = await views.snapshot(session, await messaging.get(session, talk.id), {})
    return list(view["messages"])


async def _complete(database: Database, org_id: UUID, talk: Talk) -> list[views.View]:
    async with asyncio.timeout(15):
        while (said := await _messages(database, org_id, talk))[-1]["state"] != "complete":
            await asyncio.sleep(0.05)
    return said


async def test_whoever_reads_the_question_reads_the_answer_that_is_being_written(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    may_write, given = asyncio.Event(), asyncio.Queue[object]()

    async def job(context: Context, org_id: UUID, payload: Payload) -> None:
        await given.put(payload.get("opened"))
        await may_write.wait()
        await answer_visitor(context, org_id, payload)

    async with working(context, mine, job):
        async with database.transaction(knowing) as session:
            talk = await create_talk(session)
            await say(session, talk, SOUND)
        question, answer = await _messages(database, knowing, talk)
        assert (question["text"], question["seq"], answer["seq"]) == (SOUND, 1, 2)
        assert (answer["author"]["kind"], answer["state"], answer["attempt"]) == ("bot", "streaming", 1)
        assert isinstance(await asyncio.wait_for(given.get(), 5), OpenAnswer)
        may_write.set()
        _, answer = await _complete(database, knowing, talk)
    assert (answer["seq"], answer["attempt"], answer["outcome"]) == (2, 1, "answered")


async def test_an_answer_whose_process_ends_is_written_by_another(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
    async with working(context, mine, never):
        await _asked(database, knowing, talk, SOUND)
    async with working(context, Begun(), answer_visitor):
        said = await _complete(database, knowing, talk)
    assert [(each["state"], each["attempt"]) for each in said] == [("complete", 1), ("complete", 2)]
    assert said[1]["outcome"] == "answered"


async def test_an_answer_that_a_newer_question_has_withdrawn_is_not_begun_to_be_written(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    given: list[tuple[UUID, OpenAnswer]] = []

    async def job(_: object, __: UUID, payload: Payload) -> None:
        given.append((UUID(payload["message"]), payload["opened"]))

    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
    async with working(context, mine, job):
        for text in (SOUND, RETURNS):
            await _asked(database, knowing, talk, text)
        async with asyncio.timeout(5):
            while len(given) < 2:
                await asyncio.sleep(0.01)
    before = await _messages(database, knowing, talk)
    await reply(context, knowing, talk.id, *given[0])
    assert await _messages(database, knowing, talk) == before
    await reply(context, knowing, talk.id, *given[1])
    _, withdrawn, _, answer = await _messages(database, knowing, talk)
    assert (withdrawn["state"], withdrawn["text"]) == ("interrupted", "")
    assert (answer["state"], given[1][1].asked) == ("complete", (SOUND, RETURNS))


async def test_a_conversation_that_was_erased_meanwhile_is_not_answered(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    given: asyncio.Queue[Payload] = asyncio.Queue()

    async def job(_: object, __: UUID, payload: Payload) -> None:
        await given.put(payload)

    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
    async with working(context, mine, job):
        await _asked(database, knowing, talk, SOUND)
        payload = await asyncio.wait_for(given.get(), 5)
    async with database.transaction(knowing) as session:
        await erase_visitor(session, talk.visitor.id)
    await answer_visitor(context, knowing, payload)
