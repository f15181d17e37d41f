"""What a member sees of the conversations with colleagues: which there are, and what is new in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Uuid, any_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.conversations.models import Conversation, Message, Participant
from app.kit.db import scope
from app.staff.taking_part import KINDS
from app.tenancy.models import Member

# Nobody reads more than "99+", and counting on costs time on every change.
MANY = 100
MOST_CALLS = 20


@dataclass(frozen=True)
class Row:
    """One conversation in the list. `colleague` is the other of two; `unread` is 0 where the member is not in it."""

    conversation: Conversation
    joined: bool
    muted: bool
    unread: int
    mentions: int
    colleague: Member | None


@dataclass(frozen=True)
class Badges:
    """`unread` messages in what is not muted, and `mentions` anywhere, notes too; both counted to MANY."""

    unread: int
    mentions: int


@dataclass(frozen=True)
class Call:
    """A message that mentions the member, who has not read it; `conversation` is where it stands."""

    message: Message
    conversation: Conversation


async def rows(session: AsyncSession, member_id: UUID) -> list[Row]:
    """The organisation's channels, and the member's groups and conversations of two; the latest news first."""
    query = (
        select(Conversation, Participant, unread_count(member_id), mention_count(member_id))
        .outerjoin(Participant, _takes_part(member_id))
        .where(
            Conversation.org_id == scope(session),
            Conversation.kind.in_(KINDS),
            or_(Conversation.kind == "channel", Participant.id.is_not(None)),
        )
        .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    )
    found = (await session.execute(query)).all()
    others = await _others(session, member_id)
    return [_row(*row, others.get(row[0].id)) for row in found]


def _row(
    conversation: Conversation, mark: Participant | None, unread: int, mentions: int, other: Member | None
) -> Row:
    if mark is None:
        return Row(conversation, joined=False, muted=False, unread=0, mentions=0, colleague=other)
    return Row(conversation, joined=True, muted=mark.muted, unread=unread, mentions=mentions, colleague=other)


async def badges(session: AsyncSession, member_id: UUID) -> Badges:
    """What the navigation says of the member's conversations with colleagues."""
    counted = case((Participant.muted | (Conversation.kind == "record"), 0), else_=unread_count(member_id))
    query = (
        select(func.sum(counted), func.sum(mention_count(member_id)))
        .select_from(Conversation)
        .join(Participant, _takes_part(member_id))
        .where(Conversation.org_id == scope(session))
    )
    unread, mentions = (await session.execute(query)).one()
    return Badges(int(unread or 0), int(mentions or 0))


async def calls(session: AsyncSession, member_id: UUID) -> list[Call]:
    """Messages that mention the member and are not read yet, the latest first."""
    query = (
        select(Message, Conversation)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Participant, _takes_part(member_id))
        .where(Message.org_id == scope(session), _is_news(member_id), _mentions(member_id))
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MOST_CALLS)
    )
    return [Call(*row) for row in (await session.execute(query)).all()]


async def members_of(session: AsyncSession, conversation_id: UUID) -> Sequence[tuple[Member, Participant]]:
    """Who is in a conversation, in alphabetical order, and how far each has read."""
    query = (
        select(Member, Participant)
        .join(Participant, Participant.member_id == Member.id)
        .where(Participant.org_id == scope(session), Participant.conversation_id == conversation_id)
        .order_by(Member.name, Member.id)
    )
    return [(row[0], row[1]) for row in (await session.execute(query)).all()]


async def team_heads(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, tuple[object, ...]]:
    """Member id -> a value that differs whenever what they see of these conversations has changed."""
    channels = select(func.count()).where(
        Conversation.org_id == scope(session), Conversation.kind == "channel"
    )
    query = (
        select(
            Participant.member_id,
            func.count(),
            func.sum(Conversation.last_seq),
            func.sum(Participant.last_read_seq),
            func.count().filter(Participant.muted),
        )
        .join(Conversation, Conversation.id == Participant.conversation_id)
        .where(Participant.org_id == scope(session), Participant.member_id.in_(member_ids))
        .group_by(Participant.member_id)
    )
    there = await session.scalar(channels)
    found = {row[0]: tuple(row[1:]) for row in (await session.execute(query)).all()}
    return {member_id: (there, *found.get(member_id, ())) for member_id in member_ids}


def unread_count(member_id: UUID) -> ScalarSelect[int]:
    """Of a Conversation with the member's Participant in the same query."""
    return _count(_is_news(member_id))


def mention_count(member_id: UUID) -> ScalarSelect[int]:
    return _count(_is_news(member_id) & _mentions(member_id))


def _count(which: ColumnElement[bool]) -> ScalarSelect[int]:
    some = (
        select(Message.id)
        .where(Message.org_id == Conversation.org_id, Message.conversation_id == Conversation.id, which)
        .limit(MANY)
        .correlate(Conversation, Participant)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _takes_part(member_id: UUID) -> ColumnElement[bool]:
    return (Participant.conversation_id == Conversation.id) & (Participant.member_id == member_id)


def _is_news(member_id: UUID) -> ColumnElement[bool]:
    """Said by somebody else since the member read last. Notices have no text, and deleted messages none any more."""
    return (
        (Message.seq > Participant.last_read_seq)
        & (Message.text != "")
        & Message.author_id.is_distinct_from(member_id)
    )


def _mentions(member_id: UUID) -> ColumnElement[bool]:
    return literal(member_id, Uuid) == any_(Message.mentions)


async def _others(session: AsyncSession, member_id: UUID) -> dict[UUID, Member]:
    """Conversation of two -> the other of them."""
    mine = aliased(Participant)
    query = (
        select(Participant.conversation_id, Member)
        .join(Member, Member.id == Participant.member_id)
        .join(Conversation, Conversation.id == Participant.conversation_id)
        .join(mine, (mine.conversation_id == Conversation.id) & (mine.member_id == member_id))
        .where(
            Participant.org_id == scope(session),
            Participant.member_id != member_id,
            Conversation.kind == "direct",
        )
    )
    return {row[0]: row[1] for row in (await session.execute(query)).all()}
