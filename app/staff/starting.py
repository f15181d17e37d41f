"""Conversations that members begin among themselves: with one colleague, with several, or open to all.

What there may be only one of has a key, which the database keeps unique: of two who begin at once, both get the same.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.messaging import ConversationUnknown, hold
from app.conversations.models import Conversation
from app.conversations.participants import add_members
from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.one_line import one_line
from app.realtime import topics
from app.realtime.bus import signal
from app.tenancy.members import SignedIn, colleagues
from app.tenancy.models import Member

MAX_TITLE = 60
MOST_IN_A_GROUP = 50
SUPPORT = "Support"
SUPPORT_KEY = "channel:support"


class ColleagueUnknown(NotFound):
    """There is no such member in your organisation, or they have left."""

    code = "colleague_unknown"
    title = "Unknown colleague"


class ChannelExists(Conflict):
    """There is a channel of this name already. Join it, or choose another name."""

    code = "channel_exists"
    title = "Channel exists"


async def start_direct(session: AsyncSession, member: SignedIn, colleague_id: UUID) -> Conversation:
    """The one conversation of two members. Raises Invalid, ColleagueUnknown."""
    if colleague_id == member.id:
        raise Invalid("Choose a colleague: a conversation needs two.")
    await check_colleagues(session, [colleague_id])
    both = sorted((member.id, colleague_id))
    key = f"direct:{both[0]}:{both[1]}"
    return await _started(session, kind="direct", key=key, member_ids=both)


async def start_group(
    session: AsyncSession, member: SignedIn, *, client_id: UUID, title: str, member_ids: Sequence[UUID]
) -> Conversation:
    """A conversation of these members and oneself, once for each `client_id`. Raises Invalid, ColleagueUnknown."""
    title = checked_title(title)
    others = [id_ for id_ in dict.fromkeys(member_ids) if id_ != member.id]
    if not others:
        raise Invalid("Choose at least one colleague for the group.")
    if len(others) >= MOST_IN_A_GROUP:
        raise Invalid(f"A group takes at most {MOST_IN_A_GROUP} members. Make a channel for more.")
    await check_colleagues(session, others)
    key = f"group:{member.id}:{client_id}"
    return await _started(session, kind="group", key=key, title=title, member_ids=[member.id, *others])


async def create_channel(
    session: AsyncSession, member: SignedIn, *, client_id: UUID, title: str
) -> Conversation:
    """A channel that every member may join, once for each `client_id`. Raises Invalid, ChannelExists."""
    title = checked_title(title)
    channel = await _started(
        session,
        kind="channel",
        key=channel_key(title),
        title=title,
        client_id=client_id,
        member_ids=[member.id],
    )
    if channel.client_id != client_id:
        raise ChannelExists
    await tell_everybody(session)
    return channel


async def support_channel(session: AsyncSession) -> Conversation:
    """The channel of the organisation into which hand-offs post; everybody is in it from the start."""
    return await _started(session, kind="channel", key=SUPPORT_KEY, title=SUPPORT, member_ids=[])


async def record_about(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """Where the notes beside a visitor's conversation are, begun with the first. Raises ConversationUnknown."""
    visitors = queries.visitors_of_id(session, conversation_id).with_only_columns(Conversation.id)
    if await session.scalar(visitors.with_for_update(read=True, key_share=True)) is None:
        raise ConversationUnknown
    return await _started(
        session, kind="record", key=f"record:{conversation_id}", about_id=conversation_id, member_ids=[]
    )


def checked_title(title: str) -> str:
    """Raises Invalid for an empty title or a long one."""
    title = one_line(title)
    if not title:
        raise Invalid("A name is needed, such as Deliveries.")
    if len(title) > MAX_TITLE:
        raise Invalid(f"A name takes at most {MAX_TITLE} characters; this one has {len(title)}.")
    return title


def channel_key(title: str) -> str:
    return f"channel:{title.casefold()}"


async def check_colleagues(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, Member]:
    """Everybody of the organisation by id. Raises ColleagueUnknown if these are not among them."""
    known = {colleague.id: colleague for colleague in await colleagues(session)}
    if not known.keys() >= set(member_ids):
        raise ColleagueUnknown
    return known


async def tell_everybody(session: AsyncSession) -> None:
    """Every member's list of conversations is another."""
    for colleague in await colleagues(session):
        signal(session, topics.team(colleague.id))


async def _started(
    session: AsyncSession, *, kind: str, key: str, member_ids: Sequence[UUID], **more: Any
) -> Conversation:
    """The conversation of this key; where there was none, begun with these members."""
    values: dict[str, Any] = {
        "id": new_id(),
        "org_id": scope(session),
        "kind": kind,
        "key": key,
        "status": "open",
        "last_seq": 0,
        "ownership_epoch": 0,
        "turn_seq": 0,
        "preview": "",
        "created_at": now(),
        "updated_at": now(),
    }
    statement = (
        insert(Conversation)
        .values(values | more)
        .on_conflict_do_nothing(index_elements=["org_id", "key"])
        .returning(Conversation.id)
    )
    created = await session.scalar(statement)
    mine = (Conversation.org_id == scope(session)) & (Conversation.key == key)
    if created is None:
        return (await session.scalars(select(Conversation).where(mine))).one()
    conversation = await hold(session, select(Conversation).where(mine))
    await add_members(session, conversation, member_ids, read_to=0)
    for member_id in member_ids:
        signal(session, topics.team(member_id))
    return conversation
