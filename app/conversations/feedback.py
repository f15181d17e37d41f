"""A visitor's thumb on an answer."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.happenings import FeedbackGiven
from app.conversations.log import log_event
from app.conversations.messaging import MessageUnknown, lock
from app.conversations.models import Conversation, Message
from app.conversations.views import message_view
from app.kit.db import scope
from app.kit.happenings import record


async def give_feedback(
    session: AsyncSession, message_id: UUID, *, visitor_id: UUID, value: str | None
) -> None:
    """A visitor's thumb on an answer: up, down, or None to take it back. Raises MessageUnknown."""
    message, conversation = await visitors_answer(session, message_id, visitor_id)
    if message.feedback != value:
        message.feedback = value
        await log_event(session, conversation, "message.updated", message_view(message))
        await record(session, FeedbackGiven(conversation.id, message.id, value))


async def visitors_answer(
    session: AsyncSession, message_id: UUID, visitor_id: UUID
) -> tuple[Message, Conversation]:
    """An answer in one of this visitor's conversations, both locked. Raises MessageUnknown."""
    message = await session.get(Message, message_id)
    if (
        message is None
        or message.org_id != scope(session)
        or message.author_kind != "bot"
        or message.deleted_at
    ):
        raise MessageUnknown
    conversation = await lock(session, message.conversation_id)
    if conversation.visitor_id != visitor_id:
        raise MessageUnknown
    await session.refresh(message)
    return message, conversation
