"""A conversation whose agent has gone, while the visitor waits for a reply, goes back to the queue.

Somebody looks when the visitor begins to wait, and again whenever the agent may have been away for long enough. Each
look is a job, so it survives every crash; it holds the conversation's row, so it acts once, whoever else looks.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.messaging import Author, change_hands, get, lock
from app.conversations.models import Conversation, Message
from app.kit.clock import now
from app.kit.db import scope
from app.kit.jobs import Payload, enqueue
from app.tenancy.models import Member

JOB = "handoff.absence"


async def look_after(session: AsyncSession, conversation_id: UUID, *, news: UUID | None = None) -> None:
    """Has somebody look whether the agent is still there, if the visitor waits for one; where the message `news` is
    given, only if the wait begins with it.
    """
    conversation = await get(session, conversation_id)
    unanswered = await _first_unanswered(session, conversation)
    if unanswered is not None and news in {None, unanswered.id}:
        await _look(session, conversation, unanswered)


async def look(session: AsyncSession, payload: Payload, *, patience: timedelta) -> None:
    """Returns the conversation to the queue once its agent has been away for so long. Raises ConversationUnknown."""
    conversation = await lock(session, UUID(payload["conversation"]))
    unanswered = await _first_unanswered(session, conversation)
    if unanswered is None or payload != _watch(conversation, unanswered):
        return  # answered by now, or with somebody else
    due = await _last_there(session, conversation) + patience
    if due > now():
        await _look(session, conversation, unanswered, at=due)
    else:
        await _return(session, conversation)


async def _look(
    session: AsyncSession, conversation: Conversation, unanswered: Message, at: datetime | None = None
) -> None:
    delay = max(at - now(), timedelta(0)) if at else None
    watch = _watch(conversation, unanswered)
    key = ":".join([JOB, *watch.values(), at.isoformat() if at else "first"])
    await enqueue(session, JOB, watch, delay=delay, dedupe=key)


def _watch(conversation: Conversation, unanswered: Message) -> dict[str, str]:
    """Names one wait of the visitor for one agent: once either has changed, nobody looks any further."""
    return {
        "conversation": str(conversation.id),
        "epoch": str(conversation.ownership_epoch),
        "message": str(unanswered.id),
    }


async def _first_unanswered(session: AsyncSession, conversation: Conversation) -> Message | None:
    """The message with which the visitor began to wait for the agent who has the conversation."""
    if conversation.status != "human":
        return None
    mine = queries.messages(session, conversation.id)
    answered = select(func.coalesce(func.max(Message.seq), 0)).where(
        Message.org_id == scope(session),
        Message.conversation_id == conversation.id,
        Message.author_kind == "agent",
    )
    waits = mine.where(Message.author_kind == "visitor", Message.seq > answered.scalar_subquery())
    first: Message | None = await session.scalar(waits.limit(1))
    return first


async def _last_there(session: AsyncSession, conversation: Conversation) -> datetime:
    """When the agent was last at the console; somebody to whom it was passed on has from then on to come."""
    seen = select(Member.last_seen_at).where(
        Member.org_id == scope(session), Member.id == conversation.assignee_id
    )
    taken = (
        queries.messages(session, conversation.id)
        .where(Message.notice["kind"].astext.in_(("claimed", "transferred")))
        .with_only_columns(func.max(Message.created_at))
        .order_by(None)
    )
    moments = [await session.scalar(seen), await session.scalar(taken)]
    return max((moment for moment in moments if moment), default=conversation.created_at)


async def _return(session: AsyncSession, conversation: Conversation) -> None:
    name = conversation.assignee_name
    notice = {"kind": "returned_to_queue", "name": name, "away": True}
    by = Author("system", conversation.assignee_id)
    await change_hands(
        session, conversation, status="waiting", notice=notice, reason=f"{name} was away", by=by
    )


async def returned_from(session: AsyncSession, member_id: UUID) -> list[Conversation]:
    """Conversations that still wait since they went back to the queue, because this member was away."""
    query = (
        select(Conversation)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(
            Conversation.org_id == scope(session),
            Conversation.status == "waiting",
            Message.author_id == member_id,
            Message.notice["kind"].astext == "returned_to_queue",
            Message.created_at >= Conversation.waiting_since,
        )
        .order_by(Conversation.waiting_since)
    )
    return list((await session.scalars(query)).all())
