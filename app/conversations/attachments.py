"""Files attached to messages: kept when they are sent, taken over by the message that is posted with them.

A message knows names, types and sizes of its files; the rows here hold the contents, which are read one at a time.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.conversations.models import Attachment, Message
from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.jobs import enqueue

MOST = 5
# How long a file waits for the message that it was sent for.
WAITS = timedelta(days=1)
TIDY_JOB = "conversations.tidy"
TIDY_EVERY = timedelta(hours=1)


class AttachmentUnknown(NotFound):
    """There is no such file, or it is not yours."""

    code = "attachment_unknown"
    title = "Unknown file"


class AttachmentGone(Conflict):
    """A file of this message is not here any more, or was sent with another message. Attach it again."""

    code = "attachment_gone"
    title = "File not here"


class TooManyAttachments(Invalid):
    """A message takes at most 5 files. Send the others with the next one."""

    code = "too_many_attachments"
    title = "Too many files"


async def taken(
    session: AsyncSession, conversation_id: UUID, *, uploader: str, ids: Sequence[UUID]
) -> list[Attachment]:
    """The files of a message that is being posted, in the order of `ids`. The caller holds the conversation.

    Raises TooManyAttachments, and AttachmentGone unless all are here, of this side, and of no message yet.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST:
        raise TooManyAttachments
    if not wanted:
        return []
    query = waiting(session, conversation_id, uploader).where(Attachment.id.in_(wanted))
    found = {each.id: each for each in (await session.scalars(query.with_for_update())).all()}
    if len(found) < len(wanted):
        raise AttachmentGone
    return [found[each] for each in wanted]


def view(attachment: Attachment) -> dict[str, Any]:
    """As a message tells of it."""
    return {
        "id": str(attachment.id),
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
    }


def waiting(session: AsyncSession, conversation_id: UUID, uploader: str) -> Select[Attachment]:
    """Files of one side that are in no message yet, the oldest first."""
    mine = (Attachment.org_id == scope(session)) & (Attachment.conversation_id == conversation_id)
    unsent = Attachment.message_id.is_(None) & (Attachment.uploader == uploader)
    return select(Attachment).where(mine, unsent).order_by(Attachment.id)


async def sent_file(session: AsyncSession, attachment_id: UUID) -> Attachment:
    """A file of a message, with its content. Who may see that message is the caller's to check.

    Raises AttachmentUnknown.
    """
    return await _with_content(
        session, _of_id(session, attachment_id).where(Attachment.message_id.is_not(None))
    )


async def visitors_file(session: AsyncSession, conversation_id: UUID, attachment_id: UUID) -> Attachment:
    """A file of a visitor's conversation, sent or still the visitor's own, with its content.

    Raises AttachmentUnknown.
    """
    theirs = Attachment.message_id.is_not(None) | (Attachment.uploader == "visitor")
    here = Attachment.conversation_id == conversation_id
    return await _with_content(session, _of_id(session, attachment_id).where(here, theirs))


def _of_id(session: AsyncSession, attachment_id: UUID) -> Select[Attachment]:
    return select(Attachment).where(Attachment.org_id == scope(session), Attachment.id == attachment_id)


async def _with_content(session: AsyncSession, query: Select[Attachment]) -> Attachment:
    found = await session.scalar(query.options(undefer(Attachment.content)))
    if found is None:
        raise AttachmentUnknown
    return found


async def drop(session: AsyncSession, message: Message) -> None:
    """The files of a message that is deleted."""
    mine = (Attachment.org_id == scope(session)) & (Attachment.message_id == message.id)
    await session.execute(delete(Attachment).where(mine))
    message.attachments = []


async def tidy(session: AsyncSession) -> None:
    """Files whose message has not come."""
    forgotten = Attachment.message_id.is_(None) & (Attachment.created_at < now() - WAITS)
    await session.execute(delete(Attachment).where(Attachment.org_id == scope(session), forgotten))


async def tidy_later(session: AsyncSession) -> None:
    """Once for all files that are sent within an hour, when the last of them has waited long enough."""
    moment, piece = now().timestamp(), TIDY_EVERY.total_seconds()
    number = int(moment // piece) + 1
    if session.info.get(TIDY_JOB) == number:  # another file of this transaction
        return
    session.info[TIDY_JOB] = number
    delay = timedelta(seconds=number * piece - moment) + WAITS
    await enqueue(session, TIDY_JOB, {}, delay=delay, dedupe=f"{TIDY_JOB}:{scope(session)}:{number}")
