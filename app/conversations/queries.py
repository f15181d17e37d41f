"""Each query of this room that has two callers, or a name worth having."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.models import Conversation, Message, Participant
from app.kit.db import fetch, scope

# What the inbox shows: visitors' conversations with the notes beside them.
OF_INBOX = ("visitor", "record")

# Written once: to put one together takes thirty times as long as to name its values, and every message needs several.
_OF_ID = select(Conversation).where(
    Conversation.org_id == bindparam("org_id"), Conversation.id == bindparam("conversation_id")
)
_VISITORS_OF_ID = _OF_ID.where(Conversation.kind == "visitor")
_MESSAGES = (
    select(Message)
    .where(Message.org_id == bindparam("org_id"), Message.conversation_id == bindparam("conversation_id"))
    .order_by(Message.seq)
)
MESSAGE_OF_CLIENT = "SELECT id FROM message WHERE org_id = $1 AND conversation_id = $2 AND client_id = $3"


def of_id(session: AsyncSession, conversation_id: UUID) -> Select[Conversation]:
    """Whatever its kind."""
    return _OF_ID.params(org_id=scope(session), conversation_id=conversation_id)


def visitors_of_id(session: AsyncSession, conversation_id: UUID) -> Select[Conversation]:
    """A visitor's conversation, and nothing that members have among themselves."""
    return _VISITORS_OF_ID.params(org_id=scope(session), conversation_id=conversation_id)


def of_visitor(session: AsyncSession, visitor_id: UUID) -> Select[Conversation]:
    """A visitor's conversations, the one with the latest news first."""
    mine = (Conversation.org_id == scope(session)) & (Conversation.visitor_id == visitor_id)
    return select(Conversation).where(mine).order_by(Conversation.updated_at.desc(), Conversation.id.desc())


def records_about(session: AsyncSession, conversation_ids: Sequence[UUID]) -> Select[Conversation]:
    """Where the notes beside these visitors' conversations are."""
    mine = (Conversation.org_id == scope(session)) & Conversation.about_id.in_(conversation_ids)
    return select(Conversation).where(mine)


def messages(session: AsyncSession, conversation_id: UUID) -> Select[Message]:
    return _MESSAGES.params(org_id=scope(session), conversation_id=conversation_id)


async def message_of_client(session: AsyncSession, conversation_id: UUID, client_id: UUID) -> UUID | None:
    """The message that was posted as `client_id`."""
    found = await fetch(session, MESSAGE_OF_CLIENT, scope(session), conversation_id, client_id)
    return found[0]["id"] if found else None


def streaming(session: AsyncSession, conversation_id: UUID) -> Select[Message]:
    return messages(session, conversation_id).where(Message.state == "streaming")


def read_marks(session: AsyncSession, conversation_id: UUID) -> Select[Participant]:
    return select(Participant).where(
        Participant.org_id == scope(session), Participant.conversation_id == conversation_id
    )


def participation(session: AsyncSession, conversation_id: UUID, member_id: UUID) -> Select[Participant]:
    """How a member takes part; nothing where they do not."""
    return read_marks(session, conversation_id).where(Participant.member_id == member_id)


async def member_ids(session: AsyncSession, conversation_id: UUID) -> Sequence[UUID]:
    """The members who are in a conversation."""
    query = select(Participant.member_id).where(
        Participant.org_id == scope(session),
        Participant.conversation_id == conversation_id,
        Participant.side == "member",
    )
    return [member_id for member_id in (await session.scalars(query)).all() if member_id]


async def unread_by_visitor(session: AsyncSession, conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Conversation id -> how many messages of bot and agents the visitor has not read."""
    query = (
        select(Message.conversation_id, func.count())
        .outerjoin(
            Participant,
            (Participant.conversation_id == Message.conversation_id) & (Participant.side == "visitor"),
        )
        .where(
            Message.org_id == scope(session),
            Message.conversation_id.in_(conversation_ids),
            Message.author_kind.in_(("bot", "agent")),
            Message.seq > func.coalesce(Participant.last_read_seq, 0),
        )
        .group_by(Message.conversation_id)
    )
    return dict((await session.execute(query)).all())


async def heads(session: AsyncSession, conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Conversation id -> the sequence number of its latest event."""
    query = select(Conversation.id, Conversation.last_seq).where(
        Conversation.org_id == scope(session), Conversation.id.in_(conversation_ids)
    )
    return dict((await session.execute(query)).all())


async def inbox_head(session: AsyncSession) -> tuple[object, ...]:
    """A value that differs whenever the latest conversations of this organisation have changed."""
    latest = (
        select(Conversation.updated_at, Conversation.last_seq, Conversation.ownership_epoch)
        .where(Conversation.org_id == scope(session), Conversation.kind.in_(OF_INBOX))
        .order_by(Conversation.updated_at.desc())
        .limit(100)
        .subquery()
    )
    query = select(
        func.max(latest.c.updated_at), func.sum(latest.c.last_seq), func.sum(latest.c.ownership_epoch)
    )
    return tuple((await session.execute(query)).one())
