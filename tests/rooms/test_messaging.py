"""The messaging core: numbered without gaps, posted once, read by the right people."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.conversations import messaging, texts, views
from app.conversations.models import Event, Message
from app.kit.db import Database
from tests.factories import create_talk, say


async def test_the_same_client_id_posts_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        client_id = uuid4()
        first = await say(session, talk, "Hello", client_id=client_id)
        again = await say(session, talk, "Hello", client_id=client_id)
    assert first.id == again.id
    async with database.transaction(org_id) as session:
        assert await session.scalar(select(func.count()).where(Message.conversation_id == talk.id)) == 1


async def test_many_writers_leave_no_gap(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
    shared = [uuid4() for _ in range(10)]

    async def write(number: int) -> None:
        async with database.transaction(org_id) as session:
            await say(session, talk, f"Message {number}", client_id=shared[number % 10])

    await asyncio.gather(*(write(number) for number in range(40)))
    async with database.transaction(org_id) as session:
        events = await views.events_after(session, talk.id, 0, 500)
        conversation = await messaging.get(session, talk.id)
    assert [event["seq"] for event in events] == list(range(1, conversation.last_seq + 1))
    assert {event["data"]["client_id"] for event in events} == {str(client_id) for client_id in shared}


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00"])
async def test_an_empty_message_is_refused(database: Database, org_id: UUID, text: str) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        with pytest.raises(texts.MessageEmpty):
            await say(session, talk, text)


async def test_the_longest_message_is_taken_and_one_more_character_is_not(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        assert len((await say(session, talk, "x" * 5000)).text) == 5000
        with pytest.raises(texts.MessageTooLong, match="5,001"):
            await say(session, talk, "x" * 5001)


async def test_what_is_refused_leaves_nothing_behind(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
    with pytest.raises(RuntimeError):
        async with database.transaction(org_id) as session:
            await say(session, talk, "This is rolled back")
            raise RuntimeError
    async with database.transaction(org_id) as session:
        assert (await messaging.get(session, talk.id)).last_seq == 0
        assert await session.scalar(select(func.count()).where(Event.conversation_id == talk.id)) == 0


async def test_reading_never_goes_back_nor_past_the_end(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "One")
        await messaging.mark_read(session, talk.id, side="staff", seq=999)
        await messaging.mark_read(session, talk.id, side="staff", seq=0)
        snapshot = await views.snapshot(session, await messaging.get(session, talk.id), {})
    assert snapshot["read"] == {"visitor": 0, "staff": 1}


async def test_another_organisation_sees_nothing(
    database: Database, org_id: UUID, other_org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Private")
    async with database.transaction(other_org_id) as session:
        with pytest.raises(messaging.ConversationUnknown):
            await messaging.get(session, talk.id)
        assert (await session.scalars(select(Message))).all() == []
