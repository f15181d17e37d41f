"""Messages edited and deleted, by who wrote them. What they said before is kept, for admins to read."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import Select, Update, cast, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import attachments, queries
from app.conversations.log import log_event, show_in_list
from app.conversations.mentions import mentioned
from app.conversations.messaging import ConversationUnknown, MessageUnknown, hold
from app.conversations.models import Conversation, Event, Message, MessageRevision
from app.conversations.participants import call_in, seen_by
from app.conversations.texts import checked_text
from app.conversations.views import message_view
from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, Forbidden
from app.tenancy.members import SignedIn


class NotYourMessage(Forbidden):
    """A message is edited by who wrote it, and deleted by who wrote it or by an admin."""

    code = "not_your_message"
    title = "Not your message"


class MessageDeleted(Conflict):
    """This message was deleted. Write a new one."""

    code = "message_deleted"
    title = "Message deleted"


class MessageGrowing(Conflict):
    """The assistant is still writing this answer. Take the conversation over first, or wait for its end."""

    code = "message_growing"
    title = "Still being written"


class HistoryForAdmins(Forbidden):
    """Only an admin of your organisation reads what a message said before."""

    code = "history_for_admins"
    title = "For admins"


async def edit(
    session: AsyncSession, message_id: UUID, member: SignedIn, *, client_id: UUID, text: str
) -> tuple[Message, Conversation]:
    """Gives one's own message another text. The same `client_id` again changes nothing, whatever was edited since.

    Raises MessageUnknown, NotYourMessage, MessageDeleted, MessageEmpty, MessageTooLong.
    """
    text = checked_text(text)
    message, conversation = await _held(session, message_id, member)
    if not is_own(message, member.id):
        raise NotYourMessage
    if await session.scalar(_revisions(session, message_id).where(MessageRevision.client_id == client_id)):
        return message, conversation
    if message.deleted_at:
        raise MessageDeleted
    if message.text != text:
        _keep(session, message, member, client_id, "edited")
        message.text = text
        message.mentions = await mentioned(session, conversation, text)
        message.edited_at = now()
        await _tell(session, conversation, message)
        await call_in(session, conversation, message)
    return message, conversation


async def delete(session: AsyncSession, message_id: UUID, member: SignedIn) -> tuple[Message, Conversation]:
    """Takes a message's text and files away; that there was one stays to be seen. Deleting it again changes nothing.

    Raises MessageUnknown, NotYourMessage, MessageGrowing.
    """
    message, conversation = await _held(session, message_id, member)
    if not may_delete(message, member):
        raise NotYourMessage
    if message.state == "streaming":
        raise MessageGrowing
    if message.deleted_at is None:
        _keep(session, message, member, uuid5(message.id, "deleted"), "deleted")
        message.text = ""
        message.sources = []
        await attachments.drop(session, message)
        message.mentions = None if message.mentions is None else []
        message.deleted_at = now()
        await _tell(session, conversation, message)
    return message, conversation


async def history(
    session: AsyncSession, message_id: UUID, member: SignedIn
) -> tuple[Message, Sequence[MessageRevision]]:
    """A message, and what it said before each change, the first text first. Raises HistoryForAdmins, MessageUnknown."""
    if not member.is_admin:
        raise HistoryForAdmins
    message = await _message(session, message_id)
    if await session.scalar(seen_by(session, member.id, message.conversation_id)) is None:
        raise MessageUnknown
    query = _revisions(session, message_id).order_by(MessageRevision.created_at, MessageRevision.id)
    return message, (await session.scalars(query)).all()


def is_own(message: Message, member_id: UUID) -> bool:
    return message.author_kind == "agent" and message.author_id == member_id


def may_delete(message: Message, member: SignedIn) -> bool:
    return message.author_kind != "system" and (member.is_admin or is_own(message, member.id))


async def _held(session: AsyncSession, message_id: UUID, member: SignedIn) -> tuple[Message, Conversation]:
    """Message and conversation, both held. Raises MessageUnknown where the member may see no such message."""
    message = await _message(session, message_id)
    try:
        conversation = await hold(session, seen_by(session, member.id, message.conversation_id))
    except ConversationUnknown:
        raise MessageUnknown from None
    await session.refresh(message, with_for_update=True)
    return message, conversation


async def _message(session: AsyncSession, message_id: UUID) -> Message:
    query = select(Message).where(Message.org_id == scope(session), Message.id == message_id)
    message = await session.scalar(query)
    if message is None:
        raise MessageUnknown
    return message


def _revisions(session: AsyncSession, message_id: UUID) -> Select[MessageRevision]:
    mine = (MessageRevision.org_id == scope(session)) & (MessageRevision.message_id == message_id)
    return select(MessageRevision).where(mine)


def _keep(session: AsyncSession, message: Message, member: SignedIn, client_id: UUID, change: str) -> None:
    session.add(
        MessageRevision(
            org_id=scope(session),
            conversation_id=message.conversation_id,
            message_id=message.id,
            client_id=client_id,
            text=message.text,
            change=change,
            by_id=member.id,
            by_name=member.name,
        )
    )


async def _tell(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """The list shows the last words that are left, and the log tells nobody what is no longer to be read."""
    await session.flush()
    await session.execute(rewritten(session, message))
    said = queries.messages(session, conversation.id).where(
        (Message.text != "") | (Message.attachments != [])
    )
    last = await session.scalar(said.order_by(None).order_by(Message.seq.desc()).limit(1))
    if last is None:
        conversation.preview, conversation.preview_author = "", None
    else:
        show_in_list(conversation, last)
    await log_event(session, conversation, "message.updated", message_view(message))


def rewritten(session: AsyncSession, message: Message) -> Update:
    """Who reads the log from its beginning would find what stands there no more. The caller holds the conversation."""
    its = Event.payload["id"].astext == str(message.id)
    now_said = {name: message_view(message)[name] for name in ("text", "sources", "attachments", "notice")}
    return (
        update(Event)
        .where(Event.org_id == scope(session), Event.conversation_id == message.conversation_id, its)
        .where(Event.kind.in_(("message.posted", "message.updated")))
        .values(payload=Event.payload.op("||")(cast(now_said, JSONB)))
        .execution_options(synchronize_session=False)
    )
