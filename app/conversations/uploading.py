"""A file comes first, the message that it is for after it."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.attachments import MOST, tidy_later, waiting
from app.conversations.files import File
from app.conversations.messaging import ConversationClosed, lock
from app.conversations.models import Attachment
from app.kit.db import scope

# Who picks more than these without sending any loses the first: two messages full, in two tabs.
MOST_WAITING = 2 * MOST


async def upload(
    session: AsyncSession, conversation_id: UUID, *, uploader: str, client_id: UUID, file: File
) -> tuple[Attachment, bool]:
    """Keeps a file for a message to come, and says whether it is new: the same `client_id` gives the file kept first.

    `uploader` is `visitor` or `agent`. Raises ConversationUnknown, ConversationClosed.
    """
    conversation = await lock(session, conversation_id)
    known = await session.scalar(
        select(Attachment).where(
            Attachment.org_id == scope(session),
            Attachment.conversation_id == conversation_id,
            Attachment.client_id == client_id,
        )
    )
    if known is not None:
        return known, False
    if conversation.status == "spam":
        raise ConversationClosed
    attachment = Attachment(
        org_id=scope(session),
        conversation_id=conversation_id,
        client_id=client_id,
        uploader=uploader,
        name=file.name,
        type=file.type,
        size=len(file.content),
        content=file.content,
    )
    session.add(attachment)
    await session.flush()
    await _make_room(session, conversation_id, uploader)
    await tidy_later(session)
    return attachment, True


async def _make_room(session: AsyncSession, conversation_id: UUID, uploader: str) -> None:
    ids = waiting(session, conversation_id, uploader).with_only_columns(Attachment.id)
    oldest = (await session.scalars(ids)).all()[:-MOST_WAITING]
    if oldest:
        mine = (Attachment.org_id == scope(session)) & Attachment.id.in_(oldest)
        await session.execute(delete(Attachment).where(mine))
