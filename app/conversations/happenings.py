"""What happens in conversations, for the table of reactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class MessagePosted:
    """`status` is the conversation's once the message is in it."""

    conversation_id: UUID
    message_id: UUID
    author_kind: str
    status: str


@dataclass(frozen=True)
class RetryAsked:
    """The visitor wants an interrupted answer to be written again; `trigger_id` is the question."""

    conversation_id: UUID
    trigger_id: UUID


@dataclass(frozen=True)
class PersonWanted:
    """A conversation waits for a person from now on; `epoch` tells this hand-off from others of the conversation."""

    conversation_id: UUID
    epoch: int
    reason: str | None


@dataclass(frozen=True)
class VisitorErased:
    """These conversations are gone, with all that was said in them."""

    conversation_ids: Sequence[UUID]


@dataclass(frozen=True)
class FeedbackGiven:
    """A visitor's thumb on an answer: up, down, or None where it was taken back."""

    conversation_id: UUID
    message_id: UUID
    value: str | None
