"""What members change about a group or a channel later: who is in it, and what it is called."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.messaging import hold
from app.conversations.models import Conversation
from app.conversations.participants import add_members, seen_by
from app.kit.errors import Conflict, Invalid
from app.realtime import topics
from app.realtime.bus import signal
from app.staff import overview
from app.staff.starting import (
    MOST_IN_A_GROUP,
    SUPPORT_KEY,
    ChannelExists,
    channel_key,
    check_colleagues,
    checked_title,
    tell_everybody,
)
from app.staff.taking_part import announce
from app.tenancy.members import SignedIn


class NameStays(Conflict):
    """This conversation keeps its name: one of two has none of its own, and hand-offs are posted to Support."""

    code = "name_stays"
    title = "Name stays"


class NotAGroup(Conflict):
    """Only a group takes members in. A channel is joined by whoever wants to, and a conversation of two stays one."""

    code = "not_a_group"
    title = "Not a group"


async def add_to_group(
    session: AsyncSession, member: SignedIn, conversation_id: UUID, member_ids: Sequence[UUID]
) -> Conversation:
    """Takes colleagues in, who find all that was said before; who is in it already stays as they are.

    Raises ConversationUnknown, NotAGroup, Invalid, ColleagueUnknown.
    """
    group = await hold(session, seen_by(session, member.id, conversation_id))
    if group.kind != "group":
        raise NotAGroup
    if not member_ids:
        raise Invalid("Choose at least one colleague to take in.")
    within = {inside.id for inside, _ in await overview.members_of(session, group.id)}
    fresh = [id_ for id_ in dict.fromkeys(member_ids) if id_ not in within]
    if len(within) + len(fresh) > MOST_IN_A_GROUP:
        raise Invalid(f"A group takes at most {MOST_IN_A_GROUP} members. Make a channel for more.")
    known = await check_colleagues(session, fresh)
    await add_members(session, group, fresh, read_to=group.last_seq)
    for id_ in fresh:
        signal(session, topics.team(id_))
        await announce(session, group, {"kind": "added", "name": known[id_].name, "by": member.name})
    return group


async def rename(
    session: AsyncSession, member: SignedIn, conversation_id: UUID, *, title: str
) -> Conversation:
    """Gives a group or a channel another name. Raises ConversationUnknown, NameStays, Invalid, ChannelExists."""
    conversation = await hold(session, seen_by(session, member.id, conversation_id))
    if not renamable(conversation):
        raise NameStays
    title = checked_title(title)
    if title == conversation.title:
        return conversation
    if conversation.kind == "channel":
        await _take_key(session, conversation, channel_key(title))
    conversation.title = title
    await announce(session, conversation, {"kind": "renamed", "name": member.name, "title": title})
    await tell_everybody(session)
    return conversation


def renamable(conversation: Conversation) -> bool:
    return conversation.kind in {"group", "channel"} and conversation.key != SUPPORT_KEY


async def _take_key(session: AsyncSession, channel: Conversation, key: str) -> None:
    """The database keeps it unique: of two who want the same name at once, one is told."""
    try:
        async with session.begin_nested():
            channel.key = key
    except IntegrityError:
        raise ChannelExists from None
