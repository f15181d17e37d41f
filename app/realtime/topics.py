"""What can be watched. The server names a topic from who is asking; a client never does."""

from uuid import UUID


def conversation(conversation_id: UUID) -> str:
    """Durable events of a conversation."""
    return f"conversation:{conversation_id}"


def drafts(conversation_id: UUID) -> str:
    """Text of the answer in flight in a conversation: never stored, so never caught up by the backstop."""
    return f"drafts:{conversation_id}"


def inbox(org_id: UUID) -> str:
    """Anything that changes the list of an organisation's conversations."""
    return f"inbox:{org_id}"


def knowledge(org_id: UUID) -> str:
    """A document added, deleted, or one step further."""
    return f"knowledge:{org_id}"
