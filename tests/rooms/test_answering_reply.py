"""An answer in its conversation: begun, streamed, stored, and stopped when it is no longer wanted."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from app.answering.models import Answer
from app.answering.phrases import phrase
from app.answering.turn import Context, reply
from app.conversations import messaging
from app.conversations.answers import retry_answer, stop_answers
from app.handoff import queue
from app.handoff.desk import set_desk
from app.kit.db import Database
from app.realtime.drafts import Drafts
from tests.factories import Talk, create_agent, create_talk, messages_of, say
from tests.model_server import ModelServer

SOUND = "How do I turn the sound off?"


async def _ask(database: Database, org_id: UUID, text: str) -> tuple[Talk, UUID]:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        return talk, (await say(session, talk, text)).id


async def _kept(database: Database, org_id: UUID, talk: Talk) -> list[Answer]:
    async with database.transaction(org_id) as session:
        return list(await session.scalars(select(Answer).where(Answer.conversation_id == talk.id)))


async def test_a_reply_stands_in_the_conversation_with_its_sources(
    context: Context, knowing: UUID, drafts: Drafts
) -> None:
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    said = (await messages_of(context.database, knowing, talk))[-1]
    assert (said["author"]["kind"], said["state"], said["outcome"]) == ("bot", "complete", "answered")
    assert said["sources"][0]["n"] == 1
    assert said["sources"][0].keys() == {"n", "title", "place", "url", "passage"}
    assert not drafts.of(talk.id)
    kept = (await _kept(context.database, knowing, talk))[0]
    assert kept.question == SOUND
    assert kept.passages[0]["n"] == 1
    assert kept.model is None
    assert kept.timings["done"] >= kept.timings["searched"]


async def test_a_reply_that_runs_twice_answers_once(context: Context, knowing: UUID) -> None:
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    await reply(context, knowing, talk.id, question)
    assert len(await messages_of(context.database, knowing, talk)) == 2


async def test_the_wish_for_a_person_hands_the_conversation_off(context: Context, knowing: UUID) -> None:
    talk, question = await _ask(context.database, knowing, "Can I talk to a human?")
    await reply(context, knowing, talk.id, question)
    async with context.database.transaction(knowing) as session:
        assert (await messaging.get(session, talk.id)).status == "waiting"
    messages = await messages_of(context.database, knowing, talk)
    assert messages[1]["text"] == f"{phrase('person', 'en')}\n\n{phrase('away', 'en')}"
    assert messages[2]["notice"]["kind"] == "handoff_requested"


async def _streaming(drafts: Drafts, talk: Talk) -> str:
    """The text in flight, once there is some."""
    async with asyncio.timeout(15):
        while True:
            for draft in drafts.of(talk.id).values():
                if draft.text:
                    return draft.text
            await asyncio.sleep(0.01)


async def test_the_text_in_flight_is_shown_and_stored(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.say_slowly("word " * 20, per_token_s=0.06)
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    first = await _streaming(drafts, talk)
    await asyncio.sleep(0.7)
    stored = (await messages_of(with_model.database, knowing, talk))[-1]
    assert stored["state"] == "streaming"
    assert stored["text"].startswith(first)
    await job
    assert (await messages_of(with_model.database, knowing, talk))[-1]["text"] == ("word " * 20).strip()


async def test_the_assistant_falls_silent_when_an_agent_takes_over(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.cut_after(2, "Two words and more", end="hang")
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    await _streaming(drafts, talk)
    async with with_model.database.transaction(knowing) as session:
        await queue.claim(session, talk.id, await create_agent(session))
    before = await messages_of(with_model.database, knowing, talk)
    async with asyncio.timeout(8):
        await job
        while not model.hung_up:
            await asyncio.sleep(0.01)
    assert await messages_of(with_model.database, knowing, talk) == before
    assert not drafts.of(talk.id)
    assert not await _kept(with_model.database, knowing, talk)


async def test_stopping_ends_the_answer(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.say_slowly("word " * 50, per_token_s=0.1)
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    await _streaming(drafts, talk)
    async with with_model.database.transaction(knowing) as session:
        await stop_answers(session, talk.id)
    async with asyncio.timeout(8):
        await job
    assert (await messages_of(with_model.database, knowing, talk))[-1]["state"] == "interrupted"


async def test_an_interrupted_answer_is_written_again(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.cut_after(2, "Two words and more")
    model.say("All of it [1].")
    talk, question = await _ask(with_model.database, knowing, SOUND)
    await reply(with_model, knowing, talk.id, question)
    broken = (await messages_of(with_model.database, knowing, talk))[-1]
    assert (broken["state"], broken["text"], broken["outcome"]) == ("interrupted", "Two words", None)
    async with with_model.database.transaction(knowing) as session:
        await retry_answer(session, UUID(broken["id"]), visitor_id=talk.visitor.id)
    await reply(with_model, knowing, talk.id, question)
    whole = (await messages_of(with_model.database, knowing, talk))[-1]
    assert whole["id"] == broken["id"]
    assert whole["attempt"] > broken["attempt"]
    assert (whole["state"], whole["text"]) == ("complete", "All of it [1].")
    assert [kept.state for kept in await _kept(with_model.database, knowing, talk)] == ["complete"]


@pytest.mark.parametrize(
    ("after_unknown", "status", "said"),
    [
        (2, "waiting", f"Two words\n\n{phrase('person', 'en')}\n\n{phrase('away', 'en')}"),
        (0, "bot", "Two words"),
    ],
    ids=["a person is brought in", "where nobody is brought in"],
)
async def test_who_has_tried_again_in_vain_is_not_left_alone(
    with_model: Context, knowing: UUID, model: ModelServer, after_unknown: int, status: str, said: str
) -> None:
    async with with_model.database.transaction(knowing) as session:
        await set_desk(session, None, after_unknown=after_unknown)
    talk, question = await _ask(with_model.database, knowing, SOUND)
    model.cut_after(2, "Two words")
    await reply(with_model, knowing, talk.id, question)
    broken = (await messages_of(with_model.database, knowing, talk))[-1]
    async with with_model.database.transaction(knowing) as session:
        assert (await messaging.get(session, talk.id)).status == "bot"
        await retry_answer(session, UUID(broken["id"]), visitor_id=talk.visitor.id)
    model.cut_after(2, "Two words")
    await reply(with_model, knowing, talk.id, question)
    async with with_model.database.transaction(knowing) as session:
        assert (await messaging.get(session, talk.id)).status == status
    again = next(
        one for one in await messages_of(with_model.database, knowing, talk) if one["id"] == broken["id"]
    )
    assert (again["state"], again["outcome"], again["text"]) == ("interrupted", None, said)


async def test_what_goes_wrong_inside_ends_as_interrupted(
    context: Context, knowing: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("app.answering.searching.find", broken)
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    assert (await messages_of(context.database, knowing, talk))[-1]["state"] == "interrupted"
