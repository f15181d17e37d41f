"""The inbox of an organisation: which conversations stand in which tab, for the member who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.models import Conversation, Message, Participant
from app.kit.db import scope
from app.visitors.models import Visitor

# Nobody reads more than "99+", and counting on costs time on every change.
MANY = 100
TABS = ("waiting", "mine", "bot", "all", "spam")


@dataclass(frozen=True)
class Row:
    """`asked` is what the visitor wrote last; `unread` counts their messages that nobody of the staff has read."""

    conversation: Conversation
    visitor: Visitor
    asked: str | None
    unread: int


@dataclass(frozen=True)
class Counts:
    waiting: int
    mine: int
    bot: int


async def rows(session: AsyncSession, tab: str, member_id: UUID, *, limit: int) -> list[Row]:
    """The first `limit` conversations of a tab: who waits longest first, elsewhere the latest news first."""
    order = Conversation.waiting_since.asc() if tab == "waiting" else Conversation.updated_at.desc()
    query = (
        select(Conversation, Visitor, _asked())
        .join(Visitor, Visitor.id == Conversation.visitor_id)
        .where(_listed(session), _of_tab(tab, member_id))
        .order_by(order, Conversation.id.desc())
        .limit(limit)
    )
    found = (await session.execute(query)).all()
    unread = await unread_by_staff(session, [conversation.id for conversation, _, _ in found])
    return [Row(*row, unread.get(row[0].id, 0)) for row in found]


async def counts(session: AsyncSession, member_id: UUID) -> Counts:
    """How many conversations stand in each tab that is for somebody to look at, counted no further than MANY."""

    def number(tab: str) -> ScalarSelect[int]:
        some = select(Conversation.id).where(_listed(session), _of_tab(tab, member_id)).limit(MANY)
        return select(func.count()).select_from(some.subquery()).scalar_subquery()

    query = select(number("waiting"), number("mine"), number("bot"))
    return Counts(*(await session.execute(query)).one())


def tab_of(conversation: Conversation, member_id: UUID) -> str:
    """The tab in which a member finds this conversation."""
    if conversation.status == "human":
        return "mine" if conversation.assignee_id == member_id else "all"
    return conversation.status if conversation.status in TABS else "all"


async def visitor_of(session: AsyncSession, conversation: Conversation) -> Visitor:
    query = select(Visitor).where(Visitor.org_id == scope(session), Visitor.id == conversation.visitor_id)
    return (await session.scalars(query)).one()


async def unread_by_staff(session: AsyncSession, conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Conversation id -> how many of the visitor's messages the staff has not read."""
    theirs = (Participant.conversation_id == Message.conversation_id) & (Participant.side == "staff")
    query = (
        select(Message.conversation_id, func.count())
        .outerjoin(Participant, theirs)
        .where(
            Message.org_id == scope(session),
            Message.conversation_id.in_(conversation_ids),
            Message.author_kind == "visitor",
            Message.seq > func.coalesce(Participant.last_read_seq, 0),
        )
        .group_by(Message.conversation_id)
    )
    return dict((await session.execute(query)).all())


def _asked() -> ScalarSelect[str]:
    return (
        select(Message.text)
        .where(Message.org_id == Conversation.org_id, Message.conversation_id == Conversation.id)
        .where(Message.author_kind == "visitor", Message.text != "")
        .order_by(Message.seq.desc())
        .limit(1)
        .scalar_subquery()
    )


def _listed(session: AsyncSession) -> ColumnElement[bool]:
    """A visitor's conversations in which something was said."""
    return (
        (Conversation.org_id == scope(session))
        & (Conversation.kind == "visitor")
        & (Conversation.last_seq > 0)
    )


def _of_tab(tab: str, member_id: UUID) -> ColumnElement[bool]:
    if tab == "mine":
        return (Conversation.status == "human") & (Conversation.assignee_id == member_id)
    if tab in {"waiting", "bot", "spam"}:
        return Conversation.status == tab
    return Conversation.status != "spam"
