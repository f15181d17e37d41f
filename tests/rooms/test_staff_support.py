"""The Support channel: everybody is in it, and each hand-off posts its card there."""

from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.conversations import queries, views
from app.conversations.erasure import erase_visitor
from app.conversations.models import Conversation, Message
from app.handoff import queue
from app.kit.db import Database
from app.staff import overview, starting, support
from app.tenancy.members import SignedIn
from tests.factories import create_agent, create_talk, say

Team = tuple[SignedIn, SignedIn]


@pytest.fixture
async def team(database: Database, org_id: UUID) -> Team:
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
        return ada, await create_agent(session, "Maya Kaur")


async def test_every_organisation_has_its_support_channel_with_everybody_in_it(
    database: Database, org_id: UUID, team: Team
) -> None:
    async with database.transaction(org_id) as session:
        channel = await starting.support_channel(session)
        assert set(await queries.member_ids(session, channel.id)) == {member.id for member in team}
        channels = select(func.count()).where(Conversation.org_id == org_id, Conversation.kind == "channel")
        assert await session.scalar(channels) == 1


async def test_a_hand_off_posts_one_card_which_shows_how_it_stands(database: Database, team: Team) -> None:
    ada, maya = team
    async with database.transaction(ada.org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
    for _ in range(3):
        async with database.transaction(ada.org_id) as session:
            await queue.request(session, talk.id, reason="asked for a person")
    (card,) = await cards(database, ada.org_id)
    assert card.text == "Hand-off: asked for a person"
    async with database.transaction(ada.org_id) as session:
        assert (await overview.badges(session, maya.id)).unread == 1
    assert await standing(database, card) == ("waiting", "Where is my parcel?")
    async with database.transaction(ada.org_id) as session:
        await queue.claim(session, talk.id, maya)
    assert await standing(database, card) == ("human", "Where is my parcel?")
    async with database.transaction(ada.org_id) as session:
        await queue.hand_back(session, talk.id, maya)
        await queue.request(session, talk.id, reason="asked again")
    assert len(await cards(database, ada.org_id)) == 2


async def test_a_hand_off_that_is_not_committed_posts_nothing(database: Database, team: Team) -> None:
    ada, _ = team
    async with database.transaction(ada.org_id) as session:
        talk = await create_talk(session)
    with pytest.raises(RuntimeError):
        async with database.transaction(ada.org_id) as session:
            await queue.request(session, talk.id, reason="asked for a person")
            raise RuntimeError
    assert await cards(database, ada.org_id) == []


async def cards(database: Database, org_id: UUID) -> list[Message]:
    async with database.transaction(org_id) as session:
        channel = await starting.support_channel(session)
        return list((await session.scalars(queries.messages(session, channel.id))).all())


async def standing(database: Database, card: Message) -> tuple[str, str | None]:
    async with database.transaction(card.org_id) as session:
        found = (await support.standings(session, [card]))[card.id]
    return found.conversation.status, found.question


async def test_a_card_says_nothing_of_a_visitor_who_is_erased(database: Database, team: Team) -> None:
    ada, _ = team
    async with database.transaction(ada.org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.request(session, talk.id, reason="asked for a person")
    async with database.transaction(ada.org_id) as session:
        await erase_visitor(session, talk.visitor.id)
    (card,) = await cards(database, ada.org_id)
    async with database.transaction(ada.org_id) as session:
        assert await support.standings(session, [card]) == {}
        events = await views.events_after(session, card.conversation_id, 0, 9)
    assert [event["kind"] for event in events] == ["message.posted", "message.updated"]
    assert str(talk.id) not in str([event["data"] for event in events] + [card.notice])
