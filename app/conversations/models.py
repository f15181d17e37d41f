"""The messaging core's tables: one core, many authors (visitor, bot, agent, system)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id
from app.tenancy.models import TIME


class Conversation(Base):
    """`last_seq` counts its events without gaps; `ownership_epoch` rises whenever it changes hands.

    `turn_seq` is the visitor message that the bot answers or has answered: only the answer to that one may write.

    Turns are a matter of visitors' conversations: all others, which members have among themselves, are `open`. A record
    holds the notes `about` a visitor's conversation. `key` names what there is only one of, such as the conversation
    of two members.
    """

    __tablename__ = "conversation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(TEXT, default="visitor")
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    visitor_id: Mapped[UUID | None] = mapped_column(ForeignKey("visitor.id"))
    client_id: Mapped[UUID | None] = mapped_column()
    title: Mapped[str | None] = mapped_column(TEXT)
    key: Mapped[str | None] = mapped_column(TEXT)
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("conversation.id"))
    status: Mapped[str] = mapped_column(TEXT, default="bot")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    assignee_name: Mapped[str | None] = mapped_column(TEXT)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    ownership_epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    turn_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    waiting_since: Mapped[datetime | None] = mapped_column(TIME)
    waiting_reason: Mapped[str | None] = mapped_column(TEXT)
    preview: Mapped[str] = mapped_column(TEXT, default="")
    preview_author: Mapped[str | None] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
    updated_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Participant(Base):
    """Who is in a conversation, and how far they have read.

    A visitor's conversation has two sides, `visitor` and `staff` as one; all others have members, each for themselves.
    """

    __tablename__ = "participant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    side: Mapped[str] = mapped_column(TEXT)
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    last_read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    muted: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Message(Base):
    """`mentions` are members, and None in a visitor's conversation. `attachments` tell of its files (id, name, type,
    size). A deleted message has lost its text and its files.
    """

    __tablename__ = "message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    client_id: Mapped[UUID] = mapped_column()
    author_kind: Mapped[str] = mapped_column(TEXT)
    author_id: Mapped[UUID | None] = mapped_column()
    author_name: Mapped[str | None] = mapped_column(TEXT)
    text: Mapped[str] = mapped_column(TEXT, default="")
    state: Mapped[str] = mapped_column(TEXT, default="complete")
    attempt: Mapped[int] = mapped_column(default=1)
    answers_seq: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(TEXT)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    feedback: Mapped[str | None] = mapped_column(TEXT)
    mentions: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    edited_at: Mapped[datetime | None] = mapped_column(TIME)
    deleted_at: Mapped[datetime | None] = mapped_column(TIME)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Attachment(Base):
    """A file that the `uploader` (visitor or agent) has sent; `message_id` is None until its message is posted."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    client_id: Mapped[UUID] = mapped_column()
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    uploader: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    type: Mapped[str] = mapped_column(TEXT)
    size: Mapped[int] = mapped_column()
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class MessageRevision(Base):
    """What a message said before somebody edited or deleted it."""

    __tablename__ = "message_revision"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    client_id: Mapped[UUID] = mapped_column()
    text: Mapped[str] = mapped_column(TEXT)
    change: Mapped[str] = mapped_column(TEXT)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    by_name: Mapped[str] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Event(Base):
    """The durable log of a conversation: what clients apply, in order, to what they hold."""

    __tablename__ = "event"

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(TEXT)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
