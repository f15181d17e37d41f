"""A conversation as the console shows it: what was said, and what somebody who takes over wants to know first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.inbox import visitor_of
from app.conversations.models import Conversation, Message, Participant
from app.realtime.drafts import Draft
from app.tenancy.members import colleagues
from app.visitors.models import Visitor
from app.web.console.markdown import answer_html, words_of

QUOTE = 200


@dataclass(frozen=True)
class Said:
    """One message. `leads` where its author speaks for the first time in a row; `html` for the bot's words."""

    id: str
    seq: int
    kind: str
    name: str
    leads: bool
    at: datetime
    text: str
    html: Markup | None
    state: str
    attempt: int
    outcome: str | None
    feedback: str | None
    sources: Sequence[Mapping[str, Any]]
    notice: str | None


@dataclass(frozen=True)
class Brief:
    """What has happened, in the order in which somebody who takes over asks for it."""

    reason: str | None
    question: str | None
    unanswered: int
    read: Sequence[str]
    contact: str | None


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
    """`unread_to` is the last message that the staff has still to read, 0 for none. `assignee_here` says whether who
    has the conversation is at the console.
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
    brief: Brief
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
    member_id: UUID,
) -> Talk:
    visitor = await visitor_of(session, conversation)
    found = (await session.scalars(queries.messages(session, conversation.id))).all()
    messages = [message for message in found if not _withdrawn(message)]
    marks = {mark.side: mark.last_read_seq for mark in await _marks(session, conversation)}
    earlier = (await session.scalars(queries.of_visitor(session, visitor.id).limit(6))).all()
    mine = conversation.status == "human" and conversation.assignee_id == member_id
    return Talk(
        id=conversation.id,
        conversation=conversation,
        visitor=visitor,
        who=who(visitor),
        page=path_of(visitor.page),
        mine=mine,
        said=_said(messages, drafts),
        seen=_last(messages, "agent") <= marks.get("visitor", 0),
        unread_to=_unread_to(messages, marks.get("staff", 0)) if mine else 0,
        brief=_brief(conversation, visitor, messages),
        sources=_sources(messages),
        earlier=[
            Earlier(other.id, other.updated_at, preview_of(other))
            for other in earlier
            if other.id != conversation.id and other.last_seq
        ],
        colleagues=await _colleagues(session, here, besides=member_id) if mine else [],
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
    return message.author_kind == "bot" and message.state == "interrupted" and not message.text


def _said(messages: Sequence[Message], drafts: Mapping[UUID, Draft]) -> list[Said]:
    shown: list[Said] = []
    for message in messages:
        author = (message.author_kind, message.author_id)
        before = messages[len(shown) - 1] if shown else None
        leads = before is None or author != (before.author_kind, before.author_id)
        shown.append(_one(message, drafts.get(message.id), leads=leads))
    return shown


def _one(message: Message, draft: Draft | None, *, leads: bool) -> Said:
    streaming = message.state == "streaming"
    text = draft.text if draft and streaming and draft.attempt == message.attempt else message.text
    written = message.author_kind == "bot" and not streaming
    return Said(
        id=f"m-{message.id}",
        seq=message.seq,
        kind=message.author_kind,
        name=_name(message),
        leads=leads,
        at=message.created_at,
        text=text,
        html=answer_html(text, anchor=f"s-{message.id}") if written else None,
        state=message.state,
        attempt=message.attempt,
        outcome=message.outcome,
        feedback=message.feedback,
        sources=message.sources,
        notice=_notice(message.notice) if message.notice else None,
    )


def _name(message: Message) -> str:
    if message.author_kind == "bot":
        return "Assistant"
    return message.author_name or ("Visitor" if message.author_kind == "visitor" else "")


def _notice(notice: Mapping[str, Any]) -> str:
    name = notice.get("name") or "Somebody"
    sentences = {
        "handoff_requested": "Asked for a person",
        "claimed": f"{name} took over",
        "handed_back": f"{name} handed back to the assistant",
        "resolved": f"Resolved by {name}",
        "reopened": "The visitor wrote again",
        "contact_left": f"Left an e-mail address: {name}",
        "transferred": f"{notice.get('by') or 'Somebody'} passed it on to {name}",
        "returned_to_queue": f"{name} {'was away: it is' if notice.get('away') else 'put it'} back in the queue",
    }
    kind = str(notice.get("kind", ""))
    return sentences.get(kind, kind.replace("_", " ").capitalize())


def _last(messages: Sequence[Message], kind: str) -> int:
    return max((message.seq for message in messages if message.author_kind == kind), default=0)


def _unread_to(messages: Sequence[Message], staff_read: int) -> int:
    last = messages[-1].seq if messages else 0
    return last if last > staff_read else 0


def _brief(conversation: Conversation, visitor: Visitor, messages: Sequence[Message]) -> Brief:
    asked = [message for message in messages if (message.notice or {}).get("kind") == "handoff_requested"]
    until = asked[-1].seq if asked else conversation.last_seq + 1
    questions = [said.text for said in messages if said.author_kind == "visitor" and said.seq < until]
    reason = conversation.waiting_reason or ("asked for a person" if asked else None)
    return Brief(
        reason=reason[:1].upper() + reason[1:] if reason else None,
        question=_short(questions[-1]) if questions else None,
        unanswered=sum(message.outcome == "unknown" for message in messages),
        read=list(dict.fromkeys(str(source["title"]) for source in _sources(messages))),
        contact=visitor.email,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE else line[:QUOTE].rsplit(" ", 1)[0] + "…"


def _sources(messages: Sequence[Message]) -> list[Mapping[str, Any]]:
    """Each place that an answer stood on, once, the latest answer's first."""
    found: dict[tuple[object, object], Mapping[str, Any]] = {}
    for message in reversed(messages):
        for source in message.sources:
            found.setdefault((source.get("title"), source.get("place")), source)
    return list(found.values())
