"""Members among themselves: who is in a conversation, what is new to whom, and that nothing happens twice."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.conversations import messaging, participants, queries, views
from app.conversations.messaging import ConversationUnknown
from app.conversations.models import Message, Participant
from app.handoff import queue
from app.kit.db import Database
from app.kit.errors import Invalid
from app.staff import overview, starting, taking_part
from app.tenancy.members import SignedIn
from tests.factories import create_agent

Team = tuple[SignedIn, SignedIn, SignedIn]


@pytest.fixture
async def team(database: Database, org_id: UUID) -> Team:
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
        return ada, await create_agent(session, "Maya Kaur"), await create_agent(session, "Jonas Weber")


async def write(database: Database, member: SignedIn, conversation_id: UUID, text: str) -> Message:
    async with database.transaction(member.org_id) as session:
        message, _ = await taking_part.write(session, member, conversation_id, client_id=uuid4(), text=text)
        return message


async def badges(database: Database, member: SignedIn) -> tuple[int, int]:
    async with database.transaction(member.org_id) as session:
        found = await overview.badges(session, member.id)
    return found.unread, found.mentions


async def test_two_members_have_one_conversation_whoever_begins_it(database: Database, team: Team) -> None:
    ada, maya, _ = team

    async def start(member: SignedIn, other: SignedIn) -> UUID:
        async with database.transaction(ada.org_id) as session:
            return (await starting.start_direct(session, member, other.id)).id

    started = await asyncio.gather(*(start(ada, maya) if n % 2 else start(maya, ada) for n in range(12)))
    assert len(set(started)) == 1
    async with database.transaction(ada.org_id) as session:
        assert set(await queries.member_ids(session, started[0])) == {ada.id, maya.id}


async def test_nobody_talks_to_themselves_or_to_strangers(
    database: Database, team: Team, other_org_id: UUID
) -> None:
    ada, *_ = team
    async with database.transaction(other_org_id) as session:
        stranger = await create_agent(session)
    async with database.transaction(ada.org_id) as session:
        with pytest.raises(Invalid, match="two"):
            await starting.start_direct(session, ada, ada.id)
        with pytest.raises(starting.ColleagueUnknown):
            await starting.start_direct(session, ada, stranger.id)
        with pytest.raises(starting.ColleagueUnknown):
            await starting.start_group(session, ada, client_id=uuid4(), title="Us", member_ids=[stranger.id])


async def test_a_group_is_for_those_who_are_in_it(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    client_id = uuid4()
    async with database.transaction(ada.org_id) as session:
        group = await starting.start_group(
            session, ada, client_id=client_id, title=" Late  depot ", member_ids=[maya.id, maya.id]
        )
        again = await starting.start_group(
            session, ada, client_id=client_id, title="Late depot", member_ids=[maya.id]
        )
    assert (group.id, group.title) == (again.id, "Late depot")
    await write(database, maya, group.id, "Here")
    with pytest.raises(ConversationUnknown):
        await write(database, jonas, group.id, "Me too")
    async with database.transaction(ada.org_id) as session:
        for look in (taking_part.get, taking_part.join, taking_part.leave):
            with pytest.raises(ConversationUnknown):
                await look(session, jonas, group.id)
        assert group.id not in {row.conversation.id for row in await overview.rows(session, jonas.id)}


async def test_who_leaves_a_group_sees_it_no_more(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        group = await starting.start_group(session, ada, client_id=uuid4(), title="Us", member_ids=[maya.id])
        await taking_part.leave(session, maya, group.id)
    with pytest.raises(ConversationUnknown):
        await write(database, maya, group.id, "Still here?")
    async with database.transaction(ada.org_id) as session:
        said = (await session.scalars(queries.messages(session, group.id))).all()
    assert [message.notice for message in said] == [{"kind": "left", "name": "Maya Kaur"}]


async def test_a_conversation_of_two_is_muted_rather_than_left(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        direct = await starting.start_direct(session, ada, maya.id)
        with pytest.raises(taking_part.NotToBeLeft):
            await taking_part.leave(session, maya, direct.id)
        await taking_part.mute(session, maya, direct.id, muted=True)
    await write(database, ada, direct.id, "Lunch?")
    assert await badges(database, maya) == (0, 0)
    await write(database, ada, direct.id, "Lunch, @Maya Kaur?")
    assert await badges(database, maya) == (0, 1)


async def test_a_channel_is_open_to_all_and_counts_for_who_has_joined(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    client_id = uuid4()
    async with database.transaction(ada.org_id) as session:
        channel = await starting.create_channel(session, ada, client_id=client_id, title="Shipping")
        assert (
            await starting.create_channel(session, ada, client_id=client_id, title="Shipping")
        ).id == channel.id
        with pytest.raises(starting.ChannelExists):
            await starting.create_channel(session, maya, client_id=uuid4(), title="SHIPPING")
    await write(database, ada, channel.id, "Depot is late")
    assert await badges(database, maya) == (0, 0)
    async with database.transaction(ada.org_id) as session:
        await taking_part.join(session, maya, channel.id)
        await taking_part.join(session, maya, channel.id)
    assert await badges(database, maya) == (0, 0), "what was said before joining is not new"
    await write(database, jonas, channel.id, "Again?")
    assert await badges(database, maya) == (1, 0)
    assert await badges(database, jonas) == (0, 0), "who writes has joined, and one's own words are not new"
    async with database.transaction(ada.org_id) as session:
        await taking_part.leave(session, maya, channel.id)
        rows = {row.conversation.id: row for row in await overview.rows(session, maya.id)}
        assert (rows[channel.id].joined, rows[channel.id].unread) == (False, 0)
        said = (await session.scalars(queries.messages(session, channel.id))).all()
    notices = [message.notice["kind"] for message in said if message.notice]
    assert notices == ["joined", "left"]


async def test_reading_is_each_members_own_and_never_goes_back(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        group = await starting.start_group(
            session, ada, client_id=uuid4(), title="Us", member_ids=[maya.id, jonas.id]
        )
    last = [await write(database, ada, group.id, text) for text in ("One", "Two", "Three")][-1]
    assert await badges(database, maya) == (3, 0)
    for seq in (last.seq - 1, 1, 0):
        async with database.transaction(ada.org_id) as session:
            await taking_part.mark_read(session, maya, group.id, seq=seq)
        assert await badges(database, maya) == (1, 0)
    async with database.transaction(ada.org_id) as session:
        await taking_part.mark_read(session, maya, group.id, seq=10_000)
    assert await badges(database, maya) == (0, 0)
    assert await badges(database, jonas) == (3, 0)


async def test_between_two_having_read_is_a_receipt(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        direct = await starting.start_direct(session, ada, maya.id)
    said = await write(database, ada, direct.id, "Lunch?")
    async with database.transaction(ada.org_id) as session:
        await taking_part.mark_read(session, maya, direct.id, seq=said.seq)
        events = await views.events_after(session, direct.id, 0, 10)
    assert [event["kind"] for event in events] == ["message.posted", "read.updated"]
    assert events[-1]["data"] == {"by": str(maya.id), "seq": said.seq}


async def test_a_message_is_posted_once_and_numbered_without_gaps(database: Database, team: Team) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        group = await starting.start_group(
            session, ada, client_id=uuid4(), title="Us", member_ids=[maya.id, jonas.id]
        )
    shared = [uuid4() for _ in range(8)]

    async def say_once(number: int) -> None:
        async with database.transaction(ada.org_id) as session:
            await taking_part.write(
                session, team[number % 3], group.id, client_id=shared[number % 8], text=f"No. {number}"
            )

    await asyncio.gather(*(say_once(number) for number in range(32)))
    async with database.transaction(ada.org_id) as session:
        events = await views.events_after(session, group.id, 0, 100)
    assert [event["seq"] for event in events] == list(range(1, 9))
    assert {event["data"]["client_id"] for event in events} == set(map(str, shared))


async def test_what_members_have_among_themselves_is_no_visitors_conversation(
    database: Database, team: Team
) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        direct = await starting.start_direct(session, ada, maya.id)
        for verb in (queue.claim, queue.hand_back, queue.resolve):
            with pytest.raises(ConversationUnknown):
                await verb(session, direct.id, ada)
        with pytest.raises(ConversationUnknown):
            await messaging.get(session, direct.id)


async def test_the_backstop_sees_each_change_of_a_members_list(database: Database, team: Team) -> None:
    ada, maya, _ = team

    async def head() -> tuple[object, ...]:
        async with database.transaction(ada.org_id) as session:
            return (await overview.team_heads(session, [maya.id]))[maya.id]

    seen = {await head()}
    async with database.transaction(ada.org_id) as session:
        direct = await starting.start_direct(session, ada, maya.id)
    seen.add(await head())
    said = await write(database, ada, direct.id, "Lunch?")
    seen.add(await head())
    async with database.transaction(ada.org_id) as session:
        await taking_part.mark_read(session, maya, direct.id, seq=said.seq)
    seen.add(await head())
    async with database.transaction(ada.org_id) as session:
        await taking_part.mute(session, maya, direct.id, muted=True)
    seen.add(await head())
    async with database.transaction(ada.org_id) as session:
        await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
    seen.add(await head())
    assert len(seen) == 6


async def test_a_member_joins_once_however_often(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        channel = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")

    async def join() -> None:
        async with database.transaction(ada.org_id) as session:
            await taking_part.join(session, maya, channel.id)

    await asyncio.gather(*(join() for _ in range(8)))
    async with database.transaction(ada.org_id) as session:
        marks = select(Participant).where(Participant.conversation_id == channel.id)
        assert len((await session.scalars(marks.where(Participant.org_id == ada.org_id))).all()) == 2
        held = await session.scalar(participants.seen_by(session, maya.id, channel.id))
    assert held is not None
    assert held.last_seq == 1
