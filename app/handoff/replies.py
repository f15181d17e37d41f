"""What an agent says to a visitor."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.files import File
from app.conversations.messaging import Author, lock, post
from app.conversations.models import Message
from app.conversations.uploading import upload
from app.handoff.queue import check_yours
from app.tenancy.members import SignedIn


async def reply(
    session: AsyncSession,
    conversation_id: UUID,
    member: SignedIn,
    *,
    client_id: UUID,
    text: str,
    files: Sequence[File] = (),
) -> tuple[Message, bool]:
    """Posts as this member, with files; raises NotYours unless they have taken the conversation over."""
    check_yours(await lock(session, conversation_id), member)
    author = Author("agent", member.id, member.name)
    kept = [
        await _keep(session, conversation_id, uuid5(client_id, str(n)), file) for n, file in enumerate(files)
    ]
    return await post(session, conversation_id, author=author, client_id=client_id, text=text, files=kept)


async def _keep(session: AsyncSession, conversation_id: UUID, client_id: UUID, file: File) -> UUID:
    kept, _ = await upload(session, conversation_id, uploader="agent", client_id=client_id, file=file)
    return kept.id
