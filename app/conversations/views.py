"""How conversations look from outside: the same shapes in snapshots, in events and in answers to requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.models import Conversation, Message
from app.kit.db import Transaction, fetch, scope
from app.realtime.drafts import Draft

View = dict[str, Any]

EVENTS_AFTER = """
    SELECT kind, seq, created_at, payload FROM event
    WHERE org_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4
"""


def moment(value: datetime) -> str:
    """RFC 3339, in UTC."""
    return value.isoformat().replace("+00:00", "Z")


def message_view(message: Message) -> View:
    """Who is mentioned, and the author's id, are told where members are among themselves."""
    view = {
        "id": str(message.id),
        "seq": message.seq,
        "client_id": str(message.client_id),
        "author": {"kind": message.author_kind, "name": message.author_name},
        "text": message.text,
        "state": message.state,
        "attempt": message.attempt,
        "outcome": message.outcome,
        "sources": message.sources,
        "attachments": message.attachments,
        "notice": message.notice,
        "feedback": message.feedback,
        "edited_at": moment(message.edited_at) if message.edited_at else None,
        "deleted_at": moment(message.deleted_at) if message.deleted_at else None,
        "created_at": moment(message.created_at),
    }
    return view if message.mentions is None else view | _among_members(message, message.mentions)


def _among_members(message: Message, mentions: Sequence[UUID]) -> View:
    author = {
        "kind": message.author_kind,
        "id": str(message.author_id) if message.author_id else None,
        "name": message.author_name,
    }
    return {"author": author, "mentions": list(map(str, mentions))}


def standing_view(conversation: Conversation) -> View:
    """Whose turn it is in a conversation."""
    assignee = {"name": conversation.assignee_name} if conversation.assignee_id else None
    return {"status": conversation.status, "assignee": assignee}


async def events_after(session: Transaction, conversation_id: UUID, after: int, limit: int) -> list[View]:
    """Every reader reads them after every change."""
    found = await fetch(session, EVENTS_AFTER, scope(session), conversation_id, after, limit)
    return [{"kind": kind, "seq": seq, "at": moment(at), "data": payload} for kind, seq, at, payload in found]


async def snapshot(session: AsyncSession, conversation: Conversation, drafts: Mapping[UUID, Draft]) -> View:
    """All of a conversation as of `last_seq`; an answer in flight with the text that it has by now."""
    found = (await session.scalars(queries.messages(session, conversation.id))).all()
    marks = (await session.scalars(queries.read_marks(session, conversation.id))).all()
    read = {"visitor": 0, "staff": 0} | {mark.side: mark.last_read_seq for mark in marks}
    return {
        "id": str(conversation.id),
        **standing_view(conversation),
        "epoch": await epoch(session, conversation.id),
        "last_seq": conversation.last_seq,
        "read": read,
        "messages": [_with_draft(message_view(message), drafts.get(message.id)) for message in found],
        "created_at": moment(conversation.created_at),
        "updated_at": moment(conversation.updated_at),
    }


def _with_draft(view: View, draft: Draft | None) -> View:
    if draft is None or view["state"] != "streaming" or draft.attempt != view["attempt"]:
        return view
    return view | {"text": draft.text}


async def epoch(session: AsyncSession, conversation_id: UUID) -> str:
    """Names this life of the database, which a restored backup begins anew, and the conversation: a position that a
    reader has from another of either is told from one that is to be gone on from.
    """
    life = await session.scalar(text("SELECT epoch FROM installation"))
    return f"{life}-{conversation_id.hex[-8:]}"
