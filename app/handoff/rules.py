"""When a conversation goes to a person without anybody having asked for one."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.asked import Said
from app.conversations.happenings import FeedbackGiven
from app.conversations.messaging import get
from app.handoff import queue
from app.handoff.desk import Desk, desk_of


def topic_of(question: str, desk: Desk) -> str | None:
    """The first of the desk's topics that the question names, as words of their own."""
    said = " ".join(question.casefold().split())
    for topic in desk.topics:
        words = re.escape(" ".join(topic.casefold().split()))
        # Scripts without spaces between words have no word boundaries either.
        edge = r"\b" if topic.isascii() else ""
        if re.search(f"{edge}{words}{edge}", said):
            return topic
    return None


def gives_up(said: Sequence[Said], outcome: str | None, desk: Desk) -> bool:
    """Whether this answer is one "I don't know" too many, after those before it."""
    if outcome != "unknown" or not desk.after_unknown:
        return False
    # A greeting in between is no answer, nor is one that broke off.
    answers = [each.outcome for each in said if each.author == "bot" and each.outcome not in ("chat", None)]
    before = answers[::-1]
    known = next((index for index, each in enumerate(before) if each != "unknown"), len(before))
    return known + 1 >= desk.after_unknown


async def after_feedback(session: AsyncSession, given: FeedbackGiven) -> None:
    """Asks for a person when enough answers were found unhelpful since the conversation last changed hands."""
    if given.value != "down":
        return
    conversation = await get(session, given.conversation_id)
    desk = await desk_of(session, conversation.site_id)
    if conversation.status != "bot" or not desk.after_thumbs_down:
        return
    if await _thumbs_down(session, conversation.id) >= desk.after_thumbs_down:
        await queue.request(session, conversation.id, reason="The visitor found the answers unhelpful.")


async def _thumbs_down(session: AsyncSession, conversation_id: UUID) -> int:
    count = 0
    for message in (await session.scalars(queries.messages(session, conversation_id))).all():
        if message.author_kind == "system":
            count = 0
        count += message.feedback == "down"
    return count
