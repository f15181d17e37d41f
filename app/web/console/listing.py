"""The inbox's list as the console shows it: who waits, for how long, and what for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import inbox
from app.conversations.models import Conversation
from app.handoff.absence import returned_from
from app.web.console.pages import few
from app.web.console.talk import preview_of, who

STEP = 50
MOST = 500
PREVIEW = 160
LABELS = {"waiting": "Waiting", "mine": "Mine", "bot": "Assistant", "all": "All"}


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    count: str | None


@dataclass(frozen=True)
class Entry:
    """`since` is when the wait began where somebody waits, and the latest news elsewhere."""

    id: UUID
    who: str
    since: datetime
    waits: bool
    speaker: str
    preview: str
    tags: Sequence[str]
    unread: int


@dataclass(frozen=True)
class Listing:
    """`more` is the limit that shows further entries, None where there are none. `returned` went back to the queue
    while the member was away, and still wait there.
    """

    tab: str
    tabs: Sequence[Tab]
    entries: Sequence[Entry]
    limit: int
    more: int | None
    returned: Sequence[UUID]


async def listing_of(
    session: AsyncSession, member_id: UUID, counts: inbox.Counts, *, tab: str, limit: int
) -> Listing:
    found = await inbox.rows(session, tab, member_id, limit=limit + 1)
    known = {"waiting": counts.waiting, "mine": counts.mine, "bot": counts.bot}
    more = min(limit + STEP, MOST) if len(found) > limit and limit < MOST else None
    return Listing(
        tab=tab,
        tabs=[
            Tab(name, label, few(known[name]) if name in known else None) for name, label in LABELS.items()
        ],
        entries=[_entry(row, member_id) for row in found[:limit]],
        limit=limit,
        more=more,
        returned=[conversation.id for conversation in await returned_from(session, member_id)],
    )


def _entry(row: inbox.Row, member_id: UUID) -> Entry:
    conversation = row.conversation
    mine = conversation.assignee_id == member_id
    # Of somebody who waits, the list says what for, whatever the assistant has answered.
    waits = conversation.status == "waiting"
    return Entry(
        id=conversation.id,
        who=who(row.visitor),
        since=conversation.waiting_since or conversation.updated_at,
        waits=waits,
        speaker="" if waits else _speaker(conversation, mine=mine),
        preview=row.asked[:PREVIEW] if waits and row.asked else preview_of(conversation),
        tags=_tags(conversation, mine=mine),
        unread=row.unread if mine and conversation.status == "human" else 0,
    )


def _speaker(conversation: Conversation, *, mine: bool) -> str:
    if conversation.preview_author == "agent":
        return "You" if mine else conversation.assignee_name or "Agent"
    return "Assistant" if conversation.preview_author == "bot" else ""


def _tags(conversation: Conversation, *, mine: bool) -> list[str]:
    if conversation.status == "waiting":
        return [conversation.waiting_reason or "waits"]
    if conversation.status == "human" and not mine:
        return [f"with {conversation.assignee_name}"]
    return ["resolved"] if conversation.status == "resolved" else []
