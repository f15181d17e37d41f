"""What a visitor asks, read from what was said in the conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.conversations.models import Message
from app.conversations.texts import checked_text
from app.kit.db import Transaction, fetch, scope

HISTORY = 12
# How many messages before a question are answered with it.
BURST = 4
OUTLOOK = """
    SELECT message.seq, message.author_kind, message.text, message.answers_seq
    FROM conversation LEFT JOIN message ON message.org_id = $1 AND message.conversation_id = conversation.id
    WHERE conversation.org_id = $1 AND conversation.id = $2 AND visitor_id = $3 AND status = 'bot' ORDER BY seq
"""


@dataclass(frozen=True)
class Turn:
    """One earlier message: role is user (visitor) or assistant (bot or agent)."""

    role: str
    text: str


@dataclass(frozen=True)
class Said:
    """A message as it counts for the rules: `outcome` is that of an answer."""

    author: str
    text: str
    at: datetime
    outcome: str | None = None


def latest_question(found: Sequence[Message]) -> int:
    asked = (message.seq for message in found if message.author_kind == "visitor" and not message.deleted_at)
    return max(asked, default=0)


def asked_in(found: Sequence[Message], trigger: Message, answer: Message | None) -> list[Message]:
    """What the visitor has written since somebody last said something, or the conversation changed hands."""
    answered = 0
    for message in found:
        if message.author_kind == "bot" and message.text and message is not answer:
            answered = max(answered, message.answers_seq or message.seq)
        elif message.author_kind in {"agent", "system"}:
            answered = max(answered, message.seq)
    burst = [each for each in found if each.author_kind == "visitor" and answered < each.seq < trigger.seq]
    return [*burst[-BURST:], trigger]


def said_in(found: Sequence[Message], answer: Message) -> tuple[Said, ...]:
    changed = max((message.seq for message in found if message.author_kind == "system"), default=0)
    return tuple(
        Said(message.author_kind, message.text, message.created_at, message.outcome)
        for message in found
        if message.seq > changed and message.text and message is not answer
    )


def history_in(found: Sequence[Message], *, before: int) -> tuple[Turn, ...]:
    said = [
        message
        for message in found
        if message.seq < before and message.text and message.author_kind != "system"
    ]
    return tuple(
        Turn("user" if message.author_kind == "visitor" else "assistant", message.text) for message in said
    )[-HISTORY:]


async def outlook(
    session: Transaction, conversation_id: UUID, *, visitor_id: UUID, text: str
) -> tuple[list[str], tuple[Turn, ...]] | None:
    """What would be asked and what was said before, were `text` the next message; None where nothing is answered.

    Raises MessageEmpty, MessageTooLong.
    """
    text = checked_text(text, may_be_empty=True)
    found = await fetch(session, OUTLOOK, scope(session), conversation_id, visitor_id)
    if not found:
        return None
    said = [Message(**message) for message in found if message["seq"]]
    trigger = Message(
        seq=max((message.seq for message in said), default=0) + 1, author_kind="visitor", text=text
    )
    asked = asked_in(said, trigger, None)
    return [message.text for message in asked], history_in(said, before=asked[0].seq)
