"""What happens to who has a conversation, for the table of reactions."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class PersonTookOver:
    """A member has the conversation from now on: they took it, or it was passed on to them."""

    conversation_id: UUID
