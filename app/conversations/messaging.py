"""The messaging core: one `post` for visitor, bot, agent and system.

Every verb that writes takes the conversation's row lock first, which its log (app/conversations/log.py) needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import attachments, queries
from app.conversations.happenings import MessagePosted, PersonWanted
from app.conversations.log import add_message, log_event, show_in_list
from app.conversations.mentions import mentioned
from app.conversations.models import Conversation, Message, Participant
from app.conversations.participants import call_in
from app.conversations.texts import checked_text
from app.conversations.views import message_view, standing_view
from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, NotFound
from app.kit.happenings import record
from app.kit.ids import new_id
from app.realtime.attendance import Person
from app.realtime.presence import typing_ended
from app.visitors.models import Visitor
from app.visitors.sessions import TokenInvalid


class ConversationUnknown(NotFound):
    """There is no such conversation, or it is not yours."""

    code = "conversation_unknown"
    title = "Unknown conversation"


class MessageUnknown(NotFound):
    """There is no such message, or it is not yours."""

    code = "message_unknown"
    title = "Unknown message"


class ConversationClosed(Conflict):
    """This conversation is closed. Start a new one."""

    code = "conversation_closed"
    title = "Conversation closed"


@dataclass(frozen=True)
class Author:
    kind: str
    id: UUID | None = None
    name: str | None = None


SYSTEM = Author("system")
BOT = Author("bot", name="Assistant")


async def start_conversation(
    session: AsyncSession, *, visitor_id: UUID, site_id: UUID, client_id: UUID
) -> tuple[Conversation, bool]:
    """A visitor's new conversation, and whether it is new: the same `client_id` gives the same conversation.

    Raises TokenInvalid where the visitor was erased a moment ago.
    """
    visitor = select(Visitor.id).where(Visitor.org_id == scope(session), Visitor.id == visitor_id)
    if await session.scalar(visitor.with_for_update(key_share=True)) is None:
        raise TokenInvalid
    statement = (
        insert(Conversation)
        .values(
            id=new_id(), org_id=scope(session), visitor_id=visitor_id, site_id=site_id, client_id=client_id
        )
        .on_conflict_do_nothing(index_elements=["visitor_id", "client_id"])
        .returning(Conversation.id)
    )
    created = await session.scalar(statement)
    mine = queries.of_visitor(session, visitor_id).where(Conversation.client_id == client_id)
    return (await session.scalars(mine)).one(), created is not None


async def lock(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """A visitor's conversation, held until this transaction ends. Raises ConversationUnknown."""
    return await hold(session, queries.visitors_of_id(session, conversation_id))


async def get(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """A visitor's conversation. Raises ConversationUnknown."""
    conversation = await session.scalar(queries.visitors_of_id(session, conversation_id))
    if conversation is None:
        raise ConversationUnknown
    return conversation


async def hold(session: AsyncSession, wanted: Select[Conversation]) -> Conversation:
    """The one conversation of `wanted`, held until this transaction ends. Raises ConversationUnknown.

    Who only refers to it, as a new participant does, is not kept waiting: that is how two could wait for each other.
    """
    held = wanted.with_for_update(of=Conversation, key_share=True)
    held = held.execution_options(populate_existing=True)
    conversation = await session.scalar(held)
    if conversation is None:
        raise ConversationUnknown
    return conversation


async def post(
    session: AsyncSession,
    conversation_id: UUID,
    *,
    author: Author,
    client_id: UUID,
    text: str,
    files: Sequence[UUID] = (),
) -> tuple[Message, bool]:
    """Posts a message, and says whether it is new: the same `client_id` again gives the message posted first.

    With `files` (app/conversations/uploading.py) it needs no text. A visitor who writes to a resolved conversation
    opens it again, for the bot. Visitors write to their own; which others may is the caller's to check. Raises
    ConversationUnknown.
    """
    text = checked_text(text, may_be_empty=bool(files))
    conversation = await hold(session, _written_by(session, author, conversation_id))
    if posted := await queries.message_of_client(session, conversation_id, client_id):
        return await session.get_one(Message, posted), False
    if conversation.status == "spam":
        raise ConversationClosed
    attached = await attachments.taken(session, conversation.id, uploader=author.kind, ids=files)
    if author.kind == "visitor" and conversation.status == "resolved":
        await change_hands(session, conversation, status="bot", notice={"kind": "reopened"})
    message = Message(conversation_id=conversation.id, client_id=client_id, text=text, **_by(author))
    message.attachments = list(map(attachments.view, attached))
    message.mentions = await mentioned(session, conversation, text)
    await add_message(session, conversation, message)
    for attachment in attached:
        attachment.message_id = message.id
    if author.id is not None:
        typing_ended(session, conversation.id, Person(author.kind, str(author.id)))
    await call_in(session, conversation, message)
    happening = MessagePosted(conversation.id, message.id, author.kind, conversation.status)
    await record(session, happening)
    return message, True


def _written_by(session: AsyncSession, author: Author, conversation_id: UUID) -> Select[Conversation]:
    if author.kind != "visitor":
        return queries.of_id(session, conversation_id)
    return queries.visitors_of_id(session, conversation_id).where(Conversation.visitor_id == author.id)


async def change_hands(
    session: AsyncSession,
    conversation: Conversation,
    *,
    status: str,
    notice: dict[str, Any],
    assignee: Author | None = None,
    reason: str | None = None,
    by: Author = SYSTEM,
) -> None:
    """Gives the conversation to somebody else. What the bot was writing ends here: its epoch is over.

    The caller holds the conversation's lock.
    """
    for message in (await session.scalars(queries.streaming(session, conversation.id))).all():
        await interrupt(session, conversation, message)
    if conversation.assignee_id:
        typing_ended(session, conversation.id, Person("agent", str(conversation.assignee_id)))
    conversation.status = status
    conversation.assignee_id = assignee.id if assignee else None
    conversation.assignee_name = assignee.name if assignee else None
    conversation.ownership_epoch += 1
    conversation.waiting_since = now() if status == "waiting" else None
    conversation.waiting_reason = reason if status == "waiting" else None
    said = Message(conversation_id=conversation.id, client_id=uuid4(), text="", notice=notice, **_by(by))
    await add_message(session, conversation, said)
    await log_event(session, conversation, "conversation.updated", standing_view(conversation))
    if status == "waiting":
        await record(session, PersonWanted(conversation.id, conversation.ownership_epoch, reason))


async def interrupt(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Ends an answer in flight with the text that is stored of it. The caller holds the conversation's lock."""
    await hold_text(session, message)
    message.state = "interrupted"
    if message.text:
        show_in_list(conversation, message)
    await log_event(session, conversation, "message.updated", message_view(message))


async def hold_text(session: AsyncSession, message: Message) -> None:
    """Takes the row of an answer in flight: its checkpoints are written without the conversation's lock, and one that
    comes between reading and writing would leave the stored text another than the logged one.
    """
    await session.refresh(message, with_for_update=True)


async def add_notice(
    session: AsyncSession, conversation_id: UUID, *, client_id: UUID, notice: dict[str, Any]
) -> None:
    """A line in the conversation about what happened, told once for each `client_id`."""
    conversation = await lock(session, conversation_id)
    if await queries.message_of_client(session, conversation_id, client_id) is None:
        said = Message(
            conversation_id=conversation.id, client_id=client_id, text="", notice=notice, **_by(SYSTEM)
        )
        await add_message(session, conversation, said)


async def mark_read(session: AsyncSession, conversation_id: UUID, *, side: str, seq: int) -> None:
    """`side` (visitor or staff) has read up to `seq`; never back, and never past the end."""
    conversation = await lock(session, conversation_id)
    seq = min(seq, conversation.last_seq)
    mark = await session.scalar(queries.read_marks(session, conversation_id).where(Participant.side == side))
    if mark is None:
        mark = Participant(conversation_id=conversation_id, side=side, org_id=scope(session), last_read_seq=0)
        session.add(mark)
    if seq > mark.last_read_seq:
        mark.last_read_seq = seq
        await log_event(session, conversation, "read.updated", {"by": side, "seq": seq})


def _by(author: Author) -> dict[str, Any]:
    return {"author_kind": author.kind, "author_id": author.id, "author_name": author.name}
