"""Who has a conversation, and that the bot is silent while a person has it."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.conversations import answers, messaging, views
from app.conversations.files import checked
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database, driver_connection
from app.tenancy.members import SignedIn
from tests.factories import create_agent, create_talk, say
from tests.rooms.attached import PDF


async def test_of_two_agents_exactly_one_wins_and_the_other_is_told_who(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        agents = [await create_agent(session, name) for name in ("Maya", "Jonas")]
        await queue.request(session, talk.id, reason="asked for a person")

    async def claim(agent: SignedIn) -> str:
        try:
            async with database.transaction(org_id) as session:
                await queue.claim(session, talk.id, agent)
        except queue.ClaimedAlready as error:
            return error.detail
        return agent.name

    said = await asyncio.gather(*(claim(agent) for agent in agents))
    async with database.transaction(org_id) as session:
        winner = (await messaging.get(session, talk.id)).assignee_name
    assert winner is not None
    assert sorted(said) == sorted([winner, f"{winner} has taken this conversation already."])


async def test_a_take_over_ends_the_answer_in_flight(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        agent = await create_agent(session)
        question = await say(session, talk, "Where is my order?")
        answer = await answers.begin_answer(session, talk.id, trigger_id=question.id)
    assert answer is not None
    async with database.transaction(org_id) as session:
        assert await answers.checkpoint(session, answer, "It is")
        await queue.claim(session, talk.id, agent)
    async with database.transaction(org_id) as session:
        assert not await answers.checkpoint(session, answer, "It is on its way")
        assert not await answers.finish_answer(
            session, answer, text="It is on its way", sources=[], outcome="answered"
        )
        view = await views.snapshot(session, await messaging.get(session, talk.id), {})
    written = next(message for message in view["messages"] if message["author"]["kind"] == "bot")
    assert (written["state"], written["text"]) == ("interrupted", "It is")


async def test_a_message_to_a_person_is_not_the_bots(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        agent = await create_agent(session)
        await queue.claim(session, talk.id, agent)
        question = await say(session, talk, "Are you there?")
        assert await answers.begin_answer(session, talk.id, trigger_id=question.id) is None
        await queue.hand_back(session, talk.id, agent)
        later = await say(session, talk, "Are you there, bot?")
        assert await answers.begin_answer(session, talk.id, trigger_id=later.id) is not None


async def test_only_who_has_taken_it_over_may_reply(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        maya, jonas = await create_agent(session, "Maya"), await create_agent(session, "Jonas")
        with pytest.raises(queue.NotYours):
            await reply(session, talk.id, maya, client_id=uuid4(), text="Hello")
        await queue.claim(session, talk.id, maya)
        with pytest.raises(queue.NotYours, match="Maya has this conversation"):
            await reply(session, talk.id, jonas, client_id=uuid4(), text="Hello")
        message, _ = await reply(session, talk.id, maya, client_id=uuid4(), text="Hello")
    assert message.author_name == "Maya"


async def test_a_resolved_conversation_opens_again_when_the_visitor_writes(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        agent = await create_agent(session)
        await queue.claim(session, talk.id, agent)
        await queue.resolve(session, talk.id, agent)
        await say(session, talk, "One more thing")
        assert (await messaging.get(session, talk.id)).status == "bot"


async def test_asking_for_a_person_twice_is_asking_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        first = await queue.request(session, talk.id, reason="asked for a person")
        seq = first.last_seq
        again = await queue.request(session, talk.id, reason="asked for a person")
    assert (again.status, again.last_seq) == ("waiting", seq)


async def test_a_reply_with_five_files_asks_once_for_what_is_forgotten_to_be_tidied(
    database: Database, org_id: UUID
) -> None:
    asked: list[str] = []
    files = [checked(f"{number}.pdf", PDF, limit=1_000) for number in range(5)]
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        maya = await create_agent(session, "Maya")
        await queue.claim(session, talk.id, maya)
        with (await driver_connection(session)).query_logger(lambda said: asked.append(said.query)):
            message, _ = await reply(session, talk.id, maya, client_id=uuid4(), text="Here", files=files)
    assert len(message.attachments or ()) == 5
    assert sum("INSERT INTO pgqueuer" in query for query in asked) == 1
