"""What an agent says to a visitor."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.messaging import Author, lock, post
from app.conversations.models import Message
from app.handoff.queue import check_yours
from app.tenancy.members import SignedIn


async def reply(
    session: AsyncSession, conversation_id: UUID, member: SignedIn, *, client_id: UUID, text: str
) -> tuple[Message, bool]:
    """Posts as this member; raises NotYours unless they have taken the conversation over."""
    check_yours(await lock(session, conversation_id), member)
    author = Author("agent", member.id, member.name)
    return await post(session, conversation_id, author=author, client_id=client_id, text=text)
