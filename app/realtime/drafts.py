"""The text of answers in flight, in memory: what a stream sends while the database has only the last checkpoint.

Latest wins: a stream that was slow sends what is new since it last looked, however many tokens that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.realtime import topics
from app.realtime.bus import SignalBus


@dataclass(frozen=True)
class Draft:
    """`pages` is how many passages the assistant is reading; 0 while it still searches."""

    attempt: int
    text: str = ""
    pages: int = 0


class Drafts:
    def __init__(self, bus: SignalBus) -> None:
        self._bus = bus
        self._drafts: dict[UUID, dict[UUID, Draft]] = {}

    @property
    def in_flight(self) -> int:
        """How many conversations have an answer in flight here."""
        return len(self._drafts)

    def put(self, conversation_id: UUID, message_id: UUID, draft: Draft) -> None:
        self._drafts.setdefault(conversation_id, {})[message_id] = draft
        self._bus.publish(topics.drafts(conversation_id))

    def drop(self, conversation_id: UUID, message_id: UUID) -> None:
        drafts = self._drafts.get(conversation_id, {})
        drafts.pop(message_id, None)
        if not drafts:
            self._drafts.pop(conversation_id, None)

    def of(self, conversation_id: UUID) -> Mapping[UUID, Draft]:
        """Message id -> draft, for each answer in flight in this conversation."""
        return dict(self._drafts.get(conversation_id, {}))
