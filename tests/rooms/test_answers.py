"""An answer may write only while it is the latest attempt at the latest question."""

from uuid import UUID

import pytest

from app.conversations import answers, messaging, queries, views
from app.handoff import queue
from app.kit.db import Database
from tests.factories import Talk, create_agent, create_talk, messages_of, say


async def asked(
    database: Database, org_id: UUID, text: str = "Where is my order?"
) -> tuple[Talk, answers.OpenAnswer]:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, text)
        answer = await answers.begin_answer(session, talk.id, trigger_id=question.id)
    assert answer is not None
    return talk, answer


async def test_a_question_whose_writer_died_is_answered_in_place(database: Database, org_id: UUID) -> None:
    talk, first = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        await answers.checkpoint(session, first, "It left our")
    async with database.transaction(org_id) as session:
        question = (await messages_of(database, org_id, talk))[0]
        second = await answers.begin_answer(session, talk.id, trigger_id=UUID(question["id"]))
    assert second is not None
    assert (second.message_id, second.attempt) == (first.message_id, 2)
    async with database.transaction(org_id) as session:
        assert not await answers.finish_answer(session, first, text="old", sources=[], outcome="answered")
        assert await answers.finish_answer(
            session, second, text="It is here.", sources=[], outcome="answered"
        )
    assert [message["text"] for message in await messages_of(database, org_id, talk)] == [
        "Where is my order?",
        "It is here.",
    ]


async def test_a_newer_question_ends_the_older_answer(database: Database, org_id: UUID) -> None:
    talk, first = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        newer = await say(session, talk, "I mean order 12")
        second = await answers.begin_answer(session, talk.id, trigger_id=newer.id)
        assert second is not None
        assert not await answers.checkpoint(session, first, "late")
    states = [message["state"] for message in await messages_of(database, org_id, talk)]
    assert states == ["complete", "interrupted", "complete", "streaming"]


async def test_a_burst_is_answered_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        burst = [await say(session, talk, text) for text in ("Hello", "my order", "is late")]
        begun = [await answers.begin_answer(session, talk.id, trigger_id=message.id) for message in burst]
    assert [answer is not None for answer in begun] == [False, False, True]
    assert begun[2] is not None
    assert (begun[2].asked, begun[2].history) == (("Hello", "my order", "is late"), ())


async def test_what_was_asked_during_an_answer_is_answered_with_what_was_asked_before(
    database: Database, org_id: UUID
) -> None:
    talk, first = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        assert await answers.checkpoint(session, first, "It left on")
        newer = await say(session, talk, "I mean order 12")
        second = await answers.begin_answer(session, talk.id, trigger_id=newer.id)
        assert second is not None
        assert second.asked == ("Where is my order?", "I mean order 12")
        await answers.finish_answer(session, second, text="It left.", sources=[], outcome="answered")
        later = await say(session, talk, "And order 13?")
        third = await answers.begin_answer(session, talk.id, trigger_id=later.id)
        assert third is not None
        assert third.asked == ("And order 13?",)
        assert [turn.text for turn in third.history] == ["Where is my order?", "I mean order 12", "It left."]
    texts = [message["text"] for message in await messages_of(database, org_id, talk)]
    assert texts == ["Where is my order?", "", "I mean order 12", "It left.", "And order 13?", ""]


async def test_what_a_person_was_told_is_not_asked_of_the_bot(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Are you there?")
        await queue.request(session, talk.id, reason="asked")
        maya = await create_agent(session)
        await queue.claim(session, talk.id, maya)
        await queue.hand_back(session, talk.id, maya)
        question = await say(session, talk, "Where is my order?")
        opened = await answers.begin_answer(session, talk.id, trigger_id=question.id)
        assert opened is not None
        assert opened.asked == ("Where is my order?",)


async def test_an_interrupted_answer_is_retried_in_place_and_a_complete_one_is_not(
    database: Database, org_id: UUID
) -> None:
    talk, first = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        await answers.finish_answer(
            session, first, text="It left", sources=[], outcome=None, state="interrupted"
        )
        await answers.retry_answer(session, first.message_id, visitor_id=talk.visitor.id)
    question = (await messages_of(database, org_id, talk))[0]
    async with database.transaction(org_id) as session:
        again = await answers.begin_answer(session, talk.id, trigger_id=UUID(question["id"]))
        assert again is not None
        assert await answers.finish_answer(session, again, text="Done.", sources=[], outcome="answered")
        with pytest.raises(answers.NothingToRetry):
            await answers.retry_answer(session, first.message_id, visitor_id=talk.visitor.id)


async def test_nobody_elses_answer_can_be_retried(database: Database, org_id: UUID) -> None:
    _, answer = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        stranger = await create_talk(session)
        with pytest.raises(messaging.MessageUnknown):
            await answers.retry_answer(session, answer.message_id, visitor_id=stranger.visitor.id)


async def test_stop_keeps_what_is_written(database: Database, org_id: UUID) -> None:
    talk, answer = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        await answers.checkpoint(session, answer, "It left our")
    async with database.transaction(org_id) as session:
        await answers.stop_answers(session, talk.id)
        assert not await answers.checkpoint(session, answer, "It left our house")
    assert (await messages_of(database, org_id, talk))[1]["text"] == "It left our"


async def test_a_checkpoint_between_reading_and_interrupting_is_in_the_log_too(
    database: Database, org_id: UUID
) -> None:
    talk, answer = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        conversation = await messaging.lock(session, talk.id)
        message = (await session.scalars(queries.streaming(session, talk.id))).one()
        async with database.transaction(org_id) as other:
            assert await answers.checkpoint(other, answer, "It left our warehouse")
        await messaging.interrupt(session, conversation, message)
    await same_in_log(database, org_id, talk, "It left our warehouse")


async def test_a_checkpoint_of_the_last_attempt_is_not_the_beginning_of_the_next(
    database: Database, org_id: UUID
) -> None:
    talk, first = await asked(database, org_id)
    async with database.transaction(org_id) as session:
        question, _ = (await session.scalars(queries.messages(session, talk.id))).all()
        async with database.transaction(org_id) as other:
            assert await answers.checkpoint(other, first, "It left our")
        assert await answers.begin_answer(session, talk.id, trigger_id=question.id)
    await same_in_log(database, org_id, talk, "")


async def same_in_log(database: Database, org_id: UUID, talk: Talk, text: str) -> None:
    """What is stored of the answer is what the log says last, and this text."""
    async with database.transaction(org_id) as session:
        stored = (await session.scalars(queries.messages(session, talk.id))).all()[-1]
        events = await views.events_after(session, talk.id, 0, 100)
    told = [event["data"] for event in events if event["data"].get("id") == str(stored.id)]
    assert told[-1] == views.message_view(stored)
    assert stored.text == text
