"""What somebody who takes a conversation over wants to know first: why, what was asked and tried, how to reach them.

Made when a person is asked for and kept with that; made anew for whoever looks before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.inbox import visitor_of
from app.conversations.models import Conversation, Message
from app.handoff.models import Handoff
from app.kit.db import scope
from app.realtime import topics
from app.realtime.bus import signal
from app.visitors.models import Visitor

# Who does it puts the brief into words of a model (app/answering/summing_up.py).
SUMMARY_JOB = "answering.brief"
QUOTE = 200
QUESTIONS = 5


@dataclass(frozen=True)
class Brief:
    """What has happened, in the order in which somebody who takes over asks for it.

    `asked` are the visitor's latest questions, oldest first, `question` the last of them; `unanswered` counts the
    answers that were "I don't know", `unhelpful` the thumbs down; `read` are the titles that answers stood on.
    """

    reason: str | None
    question: str | None
    asked: Sequence[str]
    unanswered: int
    unhelpful: int
    read: Sequence[str]
    contact: str | None
    language: str | None


def make(conversation: Conversation, visitor: Visitor, messages: Sequence[Message]) -> Brief:
    """From what was said until a person was last asked for, or until now."""
    wanted = [message for message in messages if (message.notice or {}).get("kind") == "handoff_requested"]
    until = wanted[-1].seq if wanted else conversation.last_seq + 1
    theirs = [said for said in messages if said.author_kind == "visitor" and said.text and said.seq < until]
    asked = [_short(said.text) for said in theirs]
    reason = conversation.waiting_reason or ("asked for a person" if wanted else None)
    return Brief(
        reason=(reason[:1].upper() + reason[1:]).rstrip(".") if reason else None,
        question=asked[-1] if asked else None,
        asked=asked[-QUESTIONS:],
        unanswered=sum(message.outcome == "unknown" for message in messages),
        unhelpful=sum(message.feedback == "down" for message in messages),
        read=list(dict.fromkeys(str(source["title"]) for source in sources(messages))),
        contact=visitor.email,
        language=visitor.language,
    )


async def keep(session: AsyncSession, conversation: Conversation) -> Brief:
    """Makes the brief of a conversation that goes to people, and keeps it."""
    messages = (await session.scalars(queries.messages(session, conversation.id))).all()
    brief = make(conversation, await visitor_of(session, conversation), messages)
    session.add(Handoff(org_id=scope(session), conversation_id=conversation.id, brief=asdict(brief)))
    return brief


async def kept(session: AsyncSession, conversation: Conversation) -> Sequence[Handoff]:
    """Each time that this conversation went to people, the latest first."""
    return (await session.scalars(_of(session, conversation.id))).all()


async def latest(session: AsyncSession, conversation_id: UUID) -> Handoff | None:
    """The last time that this conversation went to people."""
    return await session.scalar(_of(session, conversation_id).limit(1))


async def summary_of(session: AsyncSession, conversation: Conversation) -> str | None:
    """What a model made of it, while people have the conversation."""
    handoff = await latest(session, conversation.id) if conversation.status in {"waiting", "human"} else None
    return str(handoff.brief["summary"]) if handoff and handoff.brief.get("summary") else None


def _of(session: AsyncSession, conversation_id: UUID) -> Select[Handoff]:
    mine = (Handoff.org_id == scope(session)) & (Handoff.conversation_id == conversation_id)
    return select(Handoff).where(mine).order_by(Handoff.created_at.desc())


async def add_summary(session: AsyncSession, handoff_id: UUID, summary: str) -> None:
    """The same in a model's words. Whoever has the conversation open sees it come."""
    mine = (Handoff.org_id == scope(session)) & (Handoff.id == handoff_id)
    handoff = await session.scalar(select(Handoff).where(mine).with_for_update())
    if handoff is not None:  # its visitor may have had it erased
        handoff.brief = handoff.brief | {"summary": summary}
        signal(session, topics.conversation(handoff.conversation_id))


def sources(messages: Sequence[Message]) -> list[Mapping[str, Any]]:
    """Each place that an answer stood on, once, the latest answer's first."""
    found: dict[tuple[object, object], Mapping[str, Any]] = {}
    for message in reversed(messages):
        for source in message.sources:
            found.setdefault((source.get("title"), source.get("place")), source)
    return list(found.values())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE else line[:QUOTE].rsplit(" ", 1)[0] + "…"
