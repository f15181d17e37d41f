"""Everything that is held of a visitor: to take along, or to be forgotten."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.happenings import VisitorErased
from app.conversations.models import Attachment, Conversation, Event, Message, MessageRevision, Participant
from app.conversations.views import View, message_view, moment
from app.kit.db import scope
from app.kit.happenings import record
from app.realtime import topics
from app.realtime.bus import signal
from app.visitors.models import Visitor, VisitorSession

# What goes before the conversation that it belongs to. Records of answers go with their messages.
PARTS = (Event, Attachment, MessageRevision, Message, Participant)


async def export_visitor(session: AsyncSession, visitor_id: UUID) -> View:
    """The visitor and their conversations, the latest first, with all that was said in them."""
    visitor = (await session.scalars(_visitor(session, visitor_id))).one()
    conversations = (await session.scalars(queries.of_visitor(session, visitor_id))).all()
    return {
        "id": str(visitor.id),
        "name": visitor.name,
        "email": visitor.email,
        "language": visitor.language,
        "page": visitor.page,
        "created_at": moment(visitor.created_at),
        "conversations": [await _exported(session, conversation) for conversation in conversations],
    }


async def _exported(session: AsyncSession, conversation: Conversation) -> View:
    found = (await session.scalars(queries.messages(session, conversation.id))).all()
    return {
        "id": str(conversation.id),
        "status": conversation.status,
        "created_at": moment(conversation.created_at),
        "updated_at": moment(conversation.updated_at),
        "messages": [message_view(message) for message in found],
    }


async def erase_visitor(session: AsyncSession, visitor_id: UUID) -> None:
    """Forgets the visitor, their sessions and their conversations, with the notes beside them. Streams of theirs end.

    Holds the visitor's row first, so that no conversation begins meanwhile, then those of the conversations.
    """
    await session.execute(_visitor(session, visitor_id).with_for_update())
    held = queries.of_visitor(session, visitor_id).with_only_columns(Conversation.id).with_for_update()
    own_ids = (await session.scalars(held)).all()
    records = queries.records_about(session, own_ids).with_only_columns(Conversation.id).with_for_update()
    conversation_ids = [*(await session.scalars(records)).all(), *own_ids]
    for part in PARTS:
        its = (part.org_id == scope(session)) & part.conversation_id.in_(conversation_ids)
        await session.execute(delete(part).where(its))
    they = (Conversation.org_id == scope(session)) & Conversation.id.in_(conversation_ids)
    await session.execute(delete(Conversation).where(they))
    theirs = (VisitorSession.org_id == scope(session)) & (VisitorSession.visitor_id == visitor_id)
    await session.execute(delete(VisitorSession).where(theirs))
    them = (Visitor.org_id == scope(session)) & (Visitor.id == visitor_id)
    await session.execute(delete(Visitor).where(them))
    await record(session, VisitorErased(own_ids))
    _tell(session, visitor_id, conversation_ids)


def _visitor(session: AsyncSession, visitor_id: UUID) -> Select[Visitor]:
    return select(Visitor).where(Visitor.org_id == scope(session), Visitor.id == visitor_id)


def _tell(session: AsyncSession, visitor_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    signal(session, topics.visitor(visitor_id))
    signal(session, topics.inbox(scope(session)))
    for conversation_id in conversation_ids:
        signal(session, topics.conversation(conversation_id))
