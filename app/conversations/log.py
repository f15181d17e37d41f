"""A conversation's log: what happens in it, numbered without gaps, and the messages that it tells of.

Whoever writes here holds the conversation's row (`messaging.hold`): the number is given and the event inserted by who
holds it, and both are committed or neither.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from app.conversations import queries
from app.conversations.models import Conversation, Message
from app.conversations.views import View, message_view
from app.kit.clock import now
from app.kit.db import fetch
from app.kit.ids import new_id
from app.realtime import topics
from app.realtime.bus import signal

PREVIEW = 160
LOG = """
    INSERT INTO event (conversation_id, seq, org_id, kind, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
# A message, the event that tells of it, and what it changes of its conversation, in one round trip: every message pays.
COLUMNS = Message.__table__.columns
DEFAULTS: Mapping[str, Any] = {name: column.default for name, column in COLUMNS.items() if column.default}
CHANGED = ("last_seq", "updated_at", "turn_seq", "preview", "preview_author")
ADD = f"""
    WITH told AS ({LOG}), moved AS (
        UPDATE conversation SET last_seq = $2, updated_at = $6, turn_seq = $7, preview = $8, preview_author = $9
        WHERE org_id = $3 AND id = $1
    )
    INSERT INTO message ({", ".join(COLUMNS.keys())})
    VALUES ({", ".join(f"${at}" for at in range(10, 10 + len(COLUMNS)))})
"""  # noqa: S608  # the names of our own columns


async def add_message(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Numbers `message`, stores it and tells of it; an answer begins the conversation's turn.

    The session does not know it: who wants to change it afterwards reads it first.
    """
    message.id, message.org_id = new_id(), conversation.org_id
    message.seq, message.created_at = conversation.last_seq + 1, now()
    _complete(message)
    shown = conversation.preview, conversation.preview_author
    if message.text or message.attachments:
        shown = _line(message), message.author_kind
    changed = (message.created_at, message.answers_seq or conversation.turn_seq, *shown)
    told = (conversation.id, message.seq, message.org_id, "message.posted", _json(message_view(message)))
    stored = [_stored(column.type, getattr(message, name)) for name, column in COLUMNS.items()]
    await fetch(session, ADD, *told, *changed, *stored)
    for name, value in zip(CHANGED, (message.seq, *changed), strict=True):
        set_committed_value(conversation, name, value)
    await tell(session, conversation)


async def log_event(session: AsyncSession, conversation: Conversation, kind: str, payload: View) -> None:
    """Appends to the conversation's log, and stores what waits to be stored."""
    conversation.last_seq += 1
    conversation.updated_at = now()
    await session.flush()
    told = (conversation.id, conversation.last_seq, conversation.org_id, kind, _json(payload))
    await fetch(session, LOG, *told, conversation.updated_at)
    await tell(session, conversation)


async def tell(session: AsyncSession, conversation: Conversation) -> None:
    """Signals that a conversation has changed to all who have it open or in a list."""
    signal(session, topics.conversation(conversation.id))
    if conversation.kind in queries.OF_INBOX:
        signal(session, topics.inbox(conversation.org_id))
    if conversation.kind != "visitor":
        for member_id in await queries.member_ids(session, conversation.id):
            signal(session, topics.team(member_id))


def show_in_list(conversation: Conversation, message: Message) -> None:
    conversation.preview, conversation.preview_author = _line(message), message.author_kind


def _line(message: Message) -> str:
    names = ", ".join(each["name"] for each in message.attachments or ())
    line = " ".join(message.text.split()) or names
    return line if len(line) <= PREVIEW else f"{line[: PREVIEW - 1]}…"


def _complete(message: Message) -> None:
    """What nobody has said of it is as its columns have it."""
    for name, default in DEFAULTS.items():
        if getattr(message, name) is None:
            setattr(message, name, default.arg(None) if default.is_callable else default.arg)


def _stored(kind: Any, value: Any) -> Any:
    return _json(value) if isinstance(kind, JSONB) and value is not None else value


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
