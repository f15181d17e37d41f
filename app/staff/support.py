"""The Support channel: each hand-off posts a card there.

A card holds no words of the visitor, only where they stand: it shows what is there now, and nothing once it is erased.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.editing import rewritten
from app.conversations.happenings import PersonWanted
from app.conversations.log import add_message, log_event
from app.conversations.messaging import SYSTEM, hold
from app.conversations.models import Conversation, Message
from app.conversations.participants import add_members
from app.conversations.views import message_view
from app.kit.db import scope
from app.staff.starting import support_channel
from app.visitors.models import Visitor

CARD = "handoff"


@dataclass(frozen=True)
class Standing:
    """A conversation that was handed off, as it is now. `question` is what the visitor asked last before."""

    conversation: Conversation
    visitor: Visitor
    question: str | None


async def post_card(session: AsyncSession, wanted: PersonWanted) -> None:
    """Tells the Support channel that a visitor waits, once for each hand-off."""
    channel = await support_channel(session)
    channel = await hold(session, queries.of_id(session, channel.id))
    client_id = uuid5(wanted.conversation_id, f"handoff {wanted.epoch}")
    if await queries.message_of_client(session, channel.id, client_id):
        return
    reason = (wanted.reason or "asked for a person").rstrip(".")
    card = Message(
        conversation_id=channel.id,
        client_id=client_id,
        author_kind=SYSTEM.kind,
        text=f"Hand-off: {reason[:1].lower()}{reason[1:]}",
        notice={
            "kind": CARD,
            "conversation": str(wanted.conversation_id),
            "seq": await _asked(session, wanted.conversation_id),
            "reason": reason,
        },
        mentions=[],
    )
    await add_message(session, channel, card)


async def forget(session: AsyncSession, conversation_ids: Sequence[UUID]) -> None:
    """Cards of conversations that are no more say only that somebody waited."""
    channel = await support_channel(session)
    channel = await hold(session, queries.of_id(session, channel.id))
    about = Message.notice["conversation"].astext.in_(map(str, conversation_ids))
    for card in (await session.scalars(queries.messages(session, channel.id).where(about))).all():
        card.notice = {"kind": CARD, "reason": (card.notice or {})["reason"]}
        await session.flush()
        await session.execute(rewritten(session, card))
        await log_event(session, channel, "message.updated", message_view(card))


async def enter(session: AsyncSession, member_id: UUID) -> None:
    """A new member is in the channel from the start; what was said before them is not counted as unread."""
    channel = await support_channel(session)
    await add_members(session, channel, [member_id], read_to=channel.last_seq)


async def standings(session: AsyncSession, cards: Sequence[Message]) -> Mapping[UUID, Standing]:
    """What each card is about, by the card's id; nothing of those whose visitor had everything erased."""
    about = {card.id: UUID(of) for card in cards if (of := (card.notice or {}).get("conversation"))}
    query = (
        select(Conversation, Visitor)
        .join(Visitor, Visitor.id == Conversation.visitor_id)
        .where(Conversation.org_id == scope(session), Conversation.id.in_(about.values()))
    )
    found = {row[0].id: row for row in (await session.execute(query)).all()}
    asked = await _questions(session, cards)
    return {
        card_id: Standing(found[of][0], found[of][1], asked.get(card_id))
        for card_id, of in about.items()
        if of in found
    }


async def _questions(session: AsyncSession, cards: Sequence[Message]) -> dict[UUID, str]:
    wanted = {
        (UUID(notice["conversation"]), notice["seq"]): card.id
        for card in cards
        if (notice := card.notice) and notice.get("seq")
    }
    query = select(Message).where(
        Message.org_id == scope(session),
        Message.conversation_id.in_({of for of, _ in wanted}),
        Message.seq.in_({seq for _, seq in wanted}),
    )
    said = {
        (message.conversation_id, message.seq): message.text
        for message in (await session.scalars(query)).all()
    }
    return {card_id: said[where] for where, card_id in wanted.items() if said.get(where)}


async def _asked(session: AsyncSession, conversation_id: UUID) -> int | None:
    """Where the visitor's last message is."""
    query = select(func.max(Message.seq)).where(
        Message.org_id == scope(session),
        Message.conversation_id == conversation_id,
        Message.author_kind == "visitor",
        Message.deleted_at.is_(None),
    )
    return await session.scalar(query)
