"""A conversation as a live stream: what the reader has missed, then what happens, until the reader leaves.

Register first, read second: what is committed between the two is read twice by nobody and missed by nobody.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.conversations import queries
from app.conversations.messaging import get
from app.conversations.views import epoch, event_view
from app.kit.db import Database
from app.realtime import topics
from app.realtime.drafts import Draft, Drafts
from app.realtime.hub import Hub, Mailbox

PAGE = 200
RECHECK_S = 60.0


@dataclass(frozen=True)
class Position:
    """Where a reader is: the life of the database, and the last event applied."""

    seq: int
    epoch: str | None = None


@dataclass(frozen=True)
class Frame:
    """One thing to send. Only durable events have a position; the others are never repeated."""

    kind: str
    data: dict[str, Any]
    position: Position | None = None


@dataclass
class Follower:
    """One reader of one conversation. `still_allowed` is asked every minute and raises when access has ended."""

    database: Database
    hub: Hub
    drafts: Drafts
    org_id: UUID
    conversation_id: UUID
    still_allowed: Callable[[], Awaitable[None]]
    _sent: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    async def frames(self, since: Position) -> AsyncIterator[Frame]:
        watched = [topics.conversation(self.conversation_id), topics.drafts(self.conversation_id)]
        with self.hub.watch(self.org_id, watched) as mailbox:
            head, now_epoch = await self._head()
            if since.seq > head or since.epoch not in {None, now_epoch}:
                yield Frame("reset", {})
                since = Position(head)
            async for frame in self._live(mailbox, Position(since.seq, now_epoch)):
                yield frame

    async def _live(self, mailbox: Mailbox, since: Position) -> AsyncIterator[Frame]:
        async for frame in self._events(since):
            since = frame.position or since
            yield frame
        yield Frame("ready", {"head": since.seq})
        for frame in self._deltas():
            yield frame
        while mailbox.closing is None:
            changed = await mailbox.changed(within_s=RECHECK_S)
            if not changed:
                await self.still_allowed()
            if topics.conversation(self.conversation_id) in changed:
                async for frame in self._events(since):
                    since = frame.position or since
                    yield frame
            for frame in self._deltas():
                yield frame
        yield Frame("reconnect", {"after_ms": mailbox.closing})

    async def _head(self) -> tuple[int, str]:
        async with self.database.transaction(self.org_id) as session:
            return (await get(session, self.conversation_id)).last_seq, await epoch(session)

    async def _events(self, since: Position) -> AsyncIterator[Frame]:
        while True:
            async with self.database.transaction(self.org_id) as session:
                query = queries.events_after(session, self.conversation_id, since.seq, PAGE)
                page = (await session.scalars(query)).all()
            for event in page:
                since = Position(event.seq, since.epoch)
                yield Frame(event.kind, event_view(event), since)
            if len(page) < PAGE:
                return

    def _deltas(self) -> list[Frame]:
        drafts = self.drafts.of(self.conversation_id)
        self._sent = {message_id: sent for message_id, sent in self._sent.items() if message_id in drafts}
        return [frame for message_id, draft in drafts.items() for frame in self._delta(message_id, draft)]

    def _delta(self, message_id: UUID, draft: Draft) -> list[Frame]:
        attempt, offset = self._sent.get(message_id, (draft.attempt, -1))
        if attempt != draft.attempt:
            offset = -1
        about = {"message": str(message_id), "attempt": draft.attempt}
        self._sent[message_id] = (draft.attempt, len(draft.text))
        if not draft.text:
            return (
                []
                if offset == 0 and not draft.pages
                else [Frame("answer.progress", about | {"pages": draft.pages})]
            )
        start = max(offset, 0)
        if start >= len(draft.text):
            return []
        return [Frame("answer.delta", about | {"offset": start, "text": draft.text[start:]})]
