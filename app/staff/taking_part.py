"""What a member does in a conversation with colleagues: write, read, join, leave, mute."""

from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.log import add_message, log_event
from app.conversations.messaging import (
    SYSTEM,
    Author,
    ConversationUnknown,
    hold,
    post,
)
from app.conversations.models import Conversation, Message, Participant
from app.conversations.participants import add_members, remove_member, seen_by
from app.kit.errors import Conflict
from app.realtime import topics
from app.realtime.bus import signal
from app.staff.starting import record_about
from app.tenancy.members import SignedIn

# What stands on the Team pages. Notes stand beside the conversation that they are about.
KINDS = ("direct", "group", "channel")


class NotToBeLeft(Conflict):
    """A conversation of two cannot be left. Mute it instead."""

    code = "not_to_be_left"
    title = "Cannot be left"


async def get(session: AsyncSession, member: SignedIn, conversation_id: UUID) -> Conversation:
    """A conversation among members that this member may see. Raises ConversationUnknown."""
    wanted = seen_by(session, member.id, conversation_id).where(Conversation.kind.in_(KINDS))
    conversation = await session.scalar(wanted)
    if conversation is None:
        raise ConversationUnknown
    return conversation


async def write(
    session: AsyncSession, member: SignedIn, conversation_id: UUID, *, client_id: UUID, text: str
) -> tuple[Message, bool]:
    """Posts to colleagues, once for each `client_id`. Who writes to a channel has joined it."""
    conversation = await _held(session, member, conversation_id)
    if conversation.kind == "channel":
        await add_members(session, conversation, [member.id], read_to=conversation.last_seq)
    return await post(session, conversation.id, author=_author(member), client_id=client_id, text=text)


async def note(
    session: AsyncSession, member: SignedIn, about_id: UUID, *, client_id: UUID, text: str
) -> tuple[Message, bool]:
    """Writes beside a visitor's conversation what only members see. Raises ConversationUnknown."""
    record = await record_about(session, about_id)
    return await post(session, record.id, author=_author(member), client_id=client_id, text=text)


async def mark_read(session: AsyncSession, member: SignedIn, conversation_id: UUID, *, seq: int) -> None:
    """This member has read up to `seq`; never back, and never past the end. Who is not in it leaves no mark.

    Between two members it is a receipt, and so an event; in larger rounds who has read what is nobody else's business.
    """
    conversation = await hold(session, seen_by(session, member.id, conversation_id))
    mark = await session.scalar(queries.participation(session, conversation_id, member.id))
    seq = min(seq, conversation.last_seq)
    if mark is None or seq <= mark.last_read_seq:
        return
    mark.last_read_seq = seq
    signal(session, topics.team(member.id))
    if conversation.kind == "direct":
        await log_event(session, conversation, "read.updated", {"by": str(member.id), "seq": seq})


async def join(session: AsyncSession, member: SignedIn, conversation_id: UUID) -> Conversation:
    """Enters a channel; what was said before is not counted as unread. Joining again changes nothing."""
    conversation = await _held(session, member, conversation_id)
    if await session.scalar(queries.participation(session, conversation.id, member.id)) is None:
        await announce(session, conversation, {"kind": "joined", "name": member.name})
        await add_members(session, conversation, [member.id], read_to=conversation.last_seq)
        signal(session, topics.team(member.id))
    return conversation


async def leave(session: AsyncSession, member: SignedIn, conversation_id: UUID) -> None:
    """Leaves a group, which cannot be seen any more, or a channel, which can. Raises NotToBeLeft."""
    conversation = await _held(session, member, conversation_id)
    if conversation.kind == "direct":
        raise NotToBeLeft
    if await remove_member(session, conversation, member.id):
        signal(session, topics.team(member.id))
        await announce(session, conversation, {"kind": "left", "name": member.name})


async def mute(session: AsyncSession, member: SignedIn, conversation_id: UUID, *, muted: bool) -> None:
    """What is said in a muted conversation is not counted as unread, unless it mentions the member."""
    await _held(session, member, conversation_id)
    mark: Participant | None = await session.scalar(
        queries.participation(session, conversation_id, member.id)
    )
    if mark is not None and mark.muted != muted:
        mark.muted = muted
        signal(session, topics.team(member.id))


async def _held(session: AsyncSession, member: SignedIn, conversation_id: UUID) -> Conversation:
    wanted = seen_by(session, member.id, conversation_id).where(Conversation.kind.in_(KINDS))
    return await hold(session, wanted)


async def announce(session: AsyncSession, conversation: Conversation, notice: dict[str, str]) -> None:
    """A line between what is said: who came, went, or changed something."""
    said = Message(
        conversation_id=conversation.id,
        client_id=uuid4(),
        author_kind=SYSTEM.kind,
        text="",
        notice=notice,
        mentions=[],
    )
    await add_message(session, conversation, said)


def _author(member: SignedIn) -> Author:
    return Author("agent", member.id, member.name)
