"""A conversation as the console shows it: what was said, and what somebody who takes over wants to know first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.inbox import visitor_of
from app.conversations.models import Conversation, Message, Participant
from app.handoff.brief import Brief, sources, summary_of
from app.handoff.brief import make as make_brief
from app.realtime.drafts import Draft
from app.tenancy.members import SignedIn, colleagues
from app.visitors.models import Visitor
from app.web.console.markdown import words_of
from app.web.console.said import Reader, Said, said_of


@dataclass(frozen=True)
class Earlier:
    """Another conversation of the visitor, by the last that was said in it."""

    id: UUID
    updated_at: datetime
    preview: str


@dataclass(frozen=True)
class Here:
    """Who is there now: which members have the console open, and whether the visitor has the page."""

    members: frozenset[UUID]
    visitor: bool


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom the conversation can be passed on."""

    id: UUID
    name: str
    here: bool


@dataclass(frozen=True)
class Talk:
    """`unread_to` is the last message that the staff has still to read, `notes_to` the last note that the member has; 0
    for none. `names` are the colleagues whom a note can call. `assignee_here` says whether who has the conversation is
    at the console.
    """

    id: UUID
    conversation: Conversation
    visitor: Visitor
    who: str
    page: str | None
    mine: bool
    said: Sequence[Said]
    seen: bool
    unread_to: int
    notes_to: int
    names: Sequence[str]
    brief: Brief
    summary: str | None
    sources: Sequence[Mapping[str, Any]]
    earlier: Sequence[Earlier]
    colleagues: Sequence[Colleague]
    assignee_here: bool
    visitor_here: bool

    @property
    def fresh_id(self) -> UUID:
        """A `client_id` for the next reply; the browser keeps one of its own for as long as a reply is not sent."""
        return uuid4()


async def talk_of(
    session: AsyncSession,
    conversation: Conversation,
    drafts: Mapping[UUID, Draft],
    here: Here,
    *,
    member: SignedIn,
) -> Talk:
    visitor = await visitor_of(session, conversation)
    found = (await session.scalars(queries.messages(session, conversation.id))).all()
    messages = [message for message in found if not _withdrawn(message)]
    marks = {mark.side: mark.last_read_seq for mark in await _marks(session, conversation)}
    earlier = (await session.scalars(queries.of_visitor(session, visitor.id).limit(6))).all()
    mine = conversation.status == "human" and conversation.assignee_id == member.id
    notes = await _notes(session, conversation)
    names = {colleague.id: colleague.name for colleague in await colleagues(session)}
    everything = merge(messages, notes, key=lambda message: message.created_at)
    return Talk(
        id=conversation.id,
        conversation=conversation,
        visitor=visitor,
        who=who(visitor),
        page=path_of(visitor.page),
        mine=mine,
        said=said_of(everything, drafts, Reader(member, names), notes=True),
        seen=_last(messages, "agent") <= marks.get("visitor", 0),
        unread_to=_unread_to(messages, marks.get("staff", 0)) if mine else 0,
        notes_to=await _notes_to(session, notes, member),
        names=[name for id_, name in names.items() if id_ != member.id],
        brief=make_brief(conversation, visitor, messages),
        summary=await summary_of(session, conversation),
        sources=sources(messages),
        earlier=[
            Earlier(other.id, other.updated_at, preview_of(other))
            for other in earlier
            if other.id != conversation.id and other.last_seq
        ],
        colleagues=await _colleagues(session, here, besides=member.id) if mine else [],
        assignee_here=conversation.assignee_id in here.members,
        visitor_here=here.visitor,
    )


async def _colleagues(session: AsyncSession, here: Here, *, besides: UUID) -> list[Colleague]:
    """Everybody else, who is there first."""
    others = [
        Colleague(member.id, member.name, member.id in here.members)
        for member in await colleagues(session)
        if member.id != besides
    ]
    return sorted(others, key=lambda other: not other.here)


async def _marks(session: AsyncSession, conversation: Conversation) -> Sequence[Participant]:
    return (await session.scalars(queries.read_marks(session, conversation.id))).all()


async def _notes(session: AsyncSession, conversation: Conversation) -> Sequence[Message]:
    """What members have written beside it."""
    record = await session.scalar(queries.records_about(session, [conversation.id]))
    return (await session.scalars(queries.messages(session, record.id))).all() if record else []


async def _notes_to(session: AsyncSession, notes: Sequence[Message], member: SignedIn) -> int:
    if not notes:
        return 0
    mark = await session.scalar(queries.participation(session, notes[0].conversation_id, member.id))
    return notes[-1].seq if mark and mark.last_read_seq < notes[-1].seq else 0


def who(visitor: Visitor) -> str:
    """A name to call a visitor by; who has left none is told apart by the end of their id."""
    return visitor.name or visitor.email or f"Visitor {visitor.id.hex[-4:].upper()}"


def preview_of(conversation: Conversation) -> str:
    """The beginning of the last message, as plain words."""
    written = conversation.preview_author == "bot"
    return words_of(conversation.preview) if written else conversation.preview


def path_of(page: str | None) -> str | None:
    parts = urlsplit(page or "")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "") if page else None


def _withdrawn(message: Message) -> bool:
    """An answer that ended before its first word, or gave way to one that answers more."""
    empty = not (message.text or message.deleted_at)
    return message.author_kind == "bot" and message.state == "interrupted" and empty


def _last(messages: Sequence[Message], kind: str) -> int:
    return max((message.seq for message in messages if message.author_kind == kind), default=0)


def _unread_to(messages: Sequence[Message], staff_read: int) -> int:
    last = messages[-1].seq if messages else 0
    return last if last > staff_read else 0
