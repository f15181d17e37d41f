"""What a stream sends: durable events with a position, and the words of answers in flight without one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.realtime.drafts import Draft, Drafts


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
class Latest:
    """Tells how something stands, whenever that is not what was told last; what was meanwhile is of no interest."""

    kind: str
    look: Callable[[], dict[str, Any]]
    told: dict[str, Any] | None = None

    def new(self) -> list[Frame]:
        stands = self.look()
        if stands == self.told:
            return []
        self.told = stands
        return [Frame(self.kind, stands)]


@dataclass
class Deltas:
    """What one stream has still to tell of the answers in flight in a conversation.

    Each stream is told an answer from its beginning, so that none depends on another.
    """

    drafts: Drafts
    conversation_id: UUID
    _sent: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    def new(self) -> list[Frame]:
        """What has come since the last call."""
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
            known = offset == 0 and not draft.pages
            return [] if known else [Frame("answer.progress", about | {"pages": draft.pages})]
        start = max(offset, 0)
        if start >= len(draft.text):
            return []
        return [Frame("answer.delta", about | {"offset": start, "text": draft.text[start:]})]
