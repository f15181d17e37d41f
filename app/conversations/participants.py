"""Members in a conversation: who may see it, who is in it."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.models import Conversation, Message, Participant
from app.kit.clock import now
from app.kit.db import scope
from app.kit.ids import new_id
from app.realtime import topics
from app.realtime.bus import signal

# Every member of the organisation may see these, whether they are in them or not.
OPEN = ("visitor", "record", "channel")


def visible(session: AsyncSession, member_id: UUID) -> ColumnElement[bool]:
    """Conversations that a member may see."""
    takes_part = exists(
        select(Participant.id).where(
            Participant.org_id == scope(session),
            Participant.conversation_id == Conversation.id,
            Participant.member_id == member_id,
        )
    )
    return (Conversation.org_id == scope(session)) & (Conversation.kind.in_(OPEN) | takes_part)


def seen_by(session: AsyncSession, member_id: UUID, conversation_id: UUID) -> Select[Conversation]:
    """A conversation of any kind, if this member may see it."""
    return queries.of_id(session, conversation_id).where(visible(session, member_id))


async def add_members(
    session: AsyncSession, conversation: Conversation, member_ids: Iterable[UUID], *, read_to: int
) -> None:
    """Who is in the conversation already stays as they are."""
    rows = [
        {
            "id": new_id(),
            "conversation_id": conversation.id,
            "side": "member",
            "member_id": member_id,
            "org_id": scope(session),
            "last_read_seq": read_to,
            "muted": False,
            "joined_at": now(),
        }
        for member_id in member_ids
    ]
    if rows:
        await session.execute(insert(Participant).values(rows).on_conflict_do_nothing())


async def remove_member(session: AsyncSession, conversation: Conversation, member_id: UUID) -> bool:
    """Whether they were in it."""
    theirs = (
        (Participant.org_id == scope(session))
        & (Participant.conversation_id == conversation.id)
        & (Participant.member_id == member_id)
    )
    gone = delete(Participant).where(theirs).returning(Participant.id)
    return await session.scalar(gone) is not None


async def call_in(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Whoever is mentioned is in the conversation from this message on, and so is who writes a note."""
    called = list(message.mentions or ())
    if conversation.kind == "record" and message.author_id:
        called.append(message.author_id)
    await add_members(session, conversation, dict.fromkeys(called), read_to=message.seq - 1)
    for member_id in called:
        signal(session, topics.team(member_id))
