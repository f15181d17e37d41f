"""An answer that the asking process writes itself: it begins together with its question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest

from app.answering.turn import Context, reply
from app.config import Settings
from app.conversations import views
from app.conversations.answers import OpenAnswer
from app.conversations.erasure import erase_visitor
from app.kit.begun import Begun
from app.kit.db import Database
from app.kit.jobs import Given, Handler
from app.kit.worker import Worker
from app.main import assemble, run_worker
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.worker import answer_visitor
from tests.factories import Talk, create_talk, messages_of, say
from tests.rooms.working import working_on

SOUND = "How do I turn the sound off?"
RETURNS = "And how long do I have to return a chair?"


@pytest.fixture
async def here(database: Database, bus: LocalBus) -> AsyncIterator[tuple[Database, Begun]]:
    """A process that takes questions and answers them."""
    mine = Begun()
    own = Database(database.url, reactions=REACTIONS, info={"bus": bus, "begun": mine})
    yield own, mine
    await own.close()


def working(
    context: Context, begun: Begun, job: Handler, org_id: UUID
) -> AbstractAsyncContextManager[Worker]:
    """What other tests left in the queue, of other organisations, is not `job`'s."""

    async def own(context: Any, whose: UUID, payload: Given) -> None:
        if whose == org_id:
            await job(context, whose, payload)

    return working_on(context.database, "answering.reply", own, context=context, begun=begun, lease_s=30)


async def _asked(database: Database, org_id: UUID, talk: Talk, text: str) -> UUID:
    async with database.transaction(org_id) as session:
        return (await say(session, talk, text)).id


async def _complete(database: Database, org_id: UUID, talk: Talk) -> list[views.View]:
    async with asyncio.timeout(15):
        while (said := await messages_of(database, org_id, talk))[-1]["state"] != "complete":
            await asyncio.sleep(0.05)
    return said


async def test_whoever_reads_the_question_reads_the_answer_that_is_being_written(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    may_write, given = asyncio.Event(), asyncio.Queue[object]()

    async def job(context: Context, org_id: UUID, payload: Given) -> None:
        await given.put(payload.get("opened"))
        await may_write.wait()
        await answer_visitor(context, org_id, payload)

    async with working(context, mine, job, knowing):
        async with database.transaction(knowing) as session:
            talk = await create_talk(session)
            await say(session, talk, SOUND)
        question, answer = await messages_of(database, knowing, talk)
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
    async with working(context, mine, never, knowing):
        await _asked(database, knowing, talk, SOUND)
    async with working(context, Begun(), answer_visitor, knowing):
        said = await _complete(database, knowing, talk)
    assert [(each["state"], each["attempt"]) for each in said] == [("complete", 1), ("complete", 2)]
    assert said[1]["outcome"] == "answered"


async def test_an_answer_that_a_newer_question_has_withdrawn_is_not_begun_to_be_written(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    given: list[tuple[UUID, OpenAnswer]] = []

    async def job(_: object, __: UUID, payload: Given) -> None:
        given.append((UUID(payload["message"]), payload["opened"]))

    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
    async with working(context, mine, job, knowing):
        for text in (SOUND, RETURNS):
            await _asked(database, knowing, talk, text)
        async with asyncio.timeout(5):
            while len(given) < 2:
                await asyncio.sleep(0.01)
    before = await messages_of(database, knowing, talk)
    await reply(context, knowing, talk.id, *given[0])
    assert await messages_of(database, knowing, talk) == before
    await reply(context, knowing, talk.id, *given[1])
    _, withdrawn, _, answer = await messages_of(database, knowing, talk)
    assert (withdrawn["state"], withdrawn["text"]) == ("interrupted", "")
    assert (answer["state"], given[1][1].asked) == ("complete", (SOUND, RETURNS))


async def test_a_conversation_that_was_erased_meanwhile_is_not_answered(
    context: Context, knowing: UUID, here: tuple[Database, Begun]
) -> None:
    database, mine = here
    given: asyncio.Queue[Given] = asyncio.Queue()

    async def job(_: object, __: UUID, payload: Given) -> None:
        await given.put(payload)

    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
    async with working(context, mine, job, knowing):
        await _asked(database, knowing, talk, SOUND)
        payload = await asyncio.wait_for(given.get(), 5)
    async with database.transaction(knowing) as session:
        await erase_visitor(session, talk.visitor.id)
    await answer_visitor(context, knowing, payload)


async def test_jobs_are_taken_on_although_the_models_client_cannot_be_made(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where certificates are named that are not there: documents are still read."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    runtime = assemble(Settings(openai_base_url="http://127.0.0.1:9/v1", openai_model="none"), database.url)
    stopping = asyncio.Event()
    working = asyncio.create_task(run_worker(runtime, stopping))
    try:
        async with asyncio.timeout(15):
            while not runtime.begun.has_room:
                await asyncio.sleep(0.02)
    finally:
        stopping.set()
        await asyncio.gather(working, return_exceptions=True)
        await runtime.close()
    assert "client of the model endpoint cannot be made" in caplog.text
