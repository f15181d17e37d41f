"""Who is called by name hears of it: in channels, in groups, and in notes beside a visitor's conversation."""

import asyncio
from uuid import uuid4

import pytest

from app.conversations import messaging
from app.conversations.messaging import ConversationUnknown
from app.conversations.models import Message
from app.kit.db import Database
from app.staff import overview, starting, taking_part
from app.tenancy.members import SignedIn
from tests.factories import create_agent, create_talk, say
from tests.rooms.test_staff import Team, badges, team, write

__all__ = ["team"]


async def test_the_server_finds_who_is_mentioned(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        channel = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
    said = await write(database, ada, channel.id, "@maya kaur and @Jonas, not a@maya.example nor @Nobody")
    assert said.mentions == [maya.id, jonas.id]
    assert await badges(database, jonas) == (1, 1), "who is mentioned has joined"
    async with database.transaction(ada.org_id) as session:
        (call,) = await overview.calls(session, jonas.id)
        assert (call.message.id, call.conversation.id) == (said.id, channel.id)
        await taking_part.mark_read(session, jonas, channel.id, seq=said.seq)
        assert await overview.calls(session, jonas.id) == []
    assert await badges(database, jonas) == (0, 0)


async def test_in_a_group_only_who_is_in_it_can_be_mentioned(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        group = await starting.start_group(session, ada, client_id=uuid4(), title="Us", member_ids=[maya.id])
    said = await write(database, ada, group.id, "@Jonas Weber should not hear of this, @Maya should")
    assert said.mentions == [maya.id]
    assert await badges(database, jonas) == (0, 0)


async def test_a_first_name_that_two_have_means_neither(database: Database, team: Team) -> None:
    ada, _, _ = team
    async with database.transaction(ada.org_id) as session:
        other = await create_agent(session, "Maya Lind")
        channel = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
    assert (await write(database, ada, channel.id, "@Maya?")).mentions == []
    assert (await write(database, ada, channel.id, "@Maya Lind?")).mentions == [other.id]
    assert (await write(database, ada, channel.id, "@Maya Kaurismäki?")).mentions == []


async def test_notes_stand_beside_the_conversation_and_call_colleagues(
    database: Database, team: Team
) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")

    async def note(member: SignedIn, text: str) -> Message:
        async with database.transaction(ada.org_id) as session:
            message, _ = await taking_part.note(session, member, talk.id, client_id=uuid4(), text=text)
            return message

    written = await asyncio.gather(
        *(note(maya, f"Looked, {n}") for n in range(6)), note(ada, "@Jonas, the depot?")
    )
    assert len({message.conversation_id for message in written}) == 1, "one record, however many begin it"
    assert await badges(database, jonas) == (0, 1)
    async with database.transaction(ada.org_id) as session:
        (call,) = await overview.calls(session, jonas.id)
        assert call.conversation.about_id == talk.id
        await taking_part.mark_read(session, jonas, call.conversation.id, seq=call.message.seq)
        visitors = await messaging.get(session, talk.id)
        assert visitors.last_seq == 1
        with pytest.raises(ConversationUnknown):
            await taking_part.note(session, maya, uuid4(), client_id=uuid4(), text="About nothing")
        with pytest.raises(ConversationUnknown):
            await taking_part.note(
                session, maya, written[0].conversation_id, client_id=uuid4(), text="On a note"
            )
    assert await badges(database, jonas) == (0, 0)
