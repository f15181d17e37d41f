"""What can be watched. The server names a topic from who is asking; a client never does."""

from uuid import UUID


def conversation(conversation_id: UUID) -> str:
    """Durable events of a conversation."""
    return f"conversation:{conversation_id}"


def drafts(conversation_id: UUID) -> str:
    """Text of the answer in flight in a conversation: never stored, so never caught up by the backstop."""
    return f"drafts:{conversation_id}"


def visitor(visitor_id: UUID) -> str:
    """What a visitor may do: a session of theirs ended."""
    return f"visitor:{visitor_id}"


def member(member_id: UUID) -> str:
    """What a member may do: disabled, signed out somewhere, or a password changed."""
    return f"member:{member_id}"


def inbox(org_id: UUID) -> str:
    """Anything that changes the list of an organisation's conversations."""
    return f"inbox:{org_id}"


def knowledge(org_id: UUID) -> str:
    """A document added, deleted, or one step further."""
    return f"knowledge:{org_id}"


def typing(conversation_id: UUID) -> str:
    """Who types in a conversation. This and the two below are never stored."""
    return f"typing:{conversation_id}"


def viewing(conversation_id: UUID) -> str:
    """Who has a conversation on the screen: members, and its visitor."""
    return f"viewing:{conversation_id}"


def online(org_id: UUID) -> str:
    """Which members have the console open."""
    return f"online:{org_id}"


def team(member_id: UUID) -> str:
    """Anything that changes what a member sees of the conversations with colleagues."""
    return f"team:{member_id}"
