"""A group takes more members in, and groups and channels get other names, long after they were begun."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.conversations import queries
from app.conversations.messaging import ConversationUnknown
from app.kit.db import Database
from app.kit.errors import Invalid
from app.staff import changing, overview, starting, taking_part
from app.tenancy.members import SignedIn
from tests.factories import create_agent

Team = tuple[SignedIn, SignedIn, SignedIn]


@pytest.fixture
async def team(database: Database, org_id: UUID) -> Team:
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
        return ada, await create_agent(session, "Maya Kaur"), await create_agent(session, "Jonas Weber")


@pytest.fixture
async def group(database: Database, team: Team) -> UUID:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        begun = await starting.start_group(session, ada, client_id=uuid4(), title="Us", member_ids=[maya.id])
        return begun.id


async def notices(database: Database, member: SignedIn, conversation_id: UUID) -> list[object]:
    async with database.transaction(member.org_id) as session:
        said = await session.scalars(queries.messages(session, conversation_id))
        return [message.notice for message in said if message.notice]


async def test_who_is_taken_in_finds_what_was_said_before(
    database: Database, team: Team, group: UUID
) -> None:
    ada, maya, jonas = team
    async with database.transaction(ada.org_id) as session:
        await taking_part.write(session, ada, group, client_id=uuid4(), text="The depot is late")
    for _ in range(2):
        async with database.transaction(ada.org_id) as session:
            await changing.add_to_group(session, maya, group, [jonas.id, ada.id])
    async with database.transaction(ada.org_id) as session:
        inside = {member.name for member, _ in await overview.members_of(session, group)}
        assert inside == {"Ada Admin", "Maya Kaur", "Jonas Weber"}
        assert group in {row.conversation.id for row in await overview.rows(session, jonas.id)}
        await taking_part.write(session, jonas, group, client_id=uuid4(), text="I see")
    added = {"kind": "added", "name": "Jonas Weber", "by": "Maya Kaur"}
    assert await notices(database, ada, group) == [added]


async def test_only_members_take_colleagues_into_a_group(
    database: Database, team: Team, group: UUID, other_org_id: UUID
) -> None:
    ada, maya, jonas = team
    async with database.transaction(other_org_id) as session:
        stranger = await create_agent(session, "Eve")
    async with database.transaction(ada.org_id) as session:
        with pytest.raises(ConversationUnknown):
            await changing.add_to_group(session, jonas, group, [jonas.id])
        with pytest.raises(starting.ColleagueUnknown):
            await changing.add_to_group(session, ada, group, [stranger.id])
        with pytest.raises(Invalid, match="at least one colleague"):
            await changing.add_to_group(session, ada, group, [])
        direct = await starting.start_direct(session, ada, maya.id)
        channel = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
        for other in (direct, channel):
            with pytest.raises(changing.NotAGroup):
                await changing.add_to_group(session, ada, other.id, [jonas.id])


async def test_a_group_is_given_another_name(database: Database, team: Team, group: UUID) -> None:
    ada, maya, jonas = team
    for _ in range(2):
        async with database.transaction(ada.org_id) as session:
            await changing.rename(session, maya, group, title=" Late  parcels ")
    async with database.transaction(ada.org_id) as session:
        assert (await taking_part.get(session, ada, group)).title == "Late parcels"
        with pytest.raises(Invalid, match="A name is needed"):
            await changing.rename(session, ada, group, title=" ")
        with pytest.raises(ConversationUnknown):
            await changing.rename(session, jonas, group, title="Mine")
    renamed = {"kind": "renamed", "name": "Maya Kaur", "title": "Late parcels"}
    assert await notices(database, ada, group) == [renamed]


async def test_a_channels_name_stays_its_own(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        shipping = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
        await starting.create_channel(session, ada, client_id=uuid4(), title="Returns")
        support = await starting.support_channel(session)
        direct = await starting.start_direct(session, ada, maya.id)
        for kept in (support, direct):
            with pytest.raises(changing.NameStays):
                await changing.rename(session, ada, kept.id, title="Other")
    async with database.transaction(ada.org_id) as session:
        with pytest.raises(starting.ChannelExists):
            await changing.rename(session, maya, shipping.id, title="RETURNS")
    async with database.transaction(ada.org_id) as session:
        await changing.rename(session, maya, shipping.id, title="SHIPPING")
        await changing.rename(session, maya, shipping.id, title="Deliveries")
        anew = await starting.create_channel(session, ada, client_id=uuid4(), title="Shipping")
        assert anew.id != shipping.id


async def test_of_two_who_choose_the_same_name_at_once_one_is_told(database: Database, team: Team) -> None:
    ada, maya, _ = team
    async with database.transaction(ada.org_id) as session:
        channels = [
            (await starting.create_channel(session, ada, client_id=uuid4(), title=title)).id
            for title in ("One", "Two")
        ]

    async def choose(member: SignedIn, channel: UUID) -> None:
        async with database.transaction(member.org_id) as session:
            await changing.rename(session, member, channel, title="Deliveries")

    came = await asyncio.gather(choose(ada, channels[0]), choose(maya, channels[1]), return_exceptions=True)
    assert sorted(type(one).__name__ for one in came) == ["ChannelExists", "NoneType"]
