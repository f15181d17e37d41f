"""Who has a conversation: asked for a person, claimed, passed on, handed back, resolved, or nobody as it is spam.

Each verb holds the conversation's row, so of two agents who claim at once exactly one wins and the other is told who.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.messaging import Author, change_hands, lock
from app.conversations.models import Conversation
from app.handoff import brief
from app.handoff.happenings import PersonTookOver
from app.kit.errors import Conflict
from app.kit.happenings import record
from app.tenancy.members import SignedIn, colleague


class ClaimedAlready(Conflict):
    """Somebody else has this conversation."""

    code = "claimed_already"
    title = "Already taken"


class NotYours(Conflict):
    """Take the conversation over first."""

    code = "not_yours"
    title = "Not your conversation"


async def request(session: AsyncSession, conversation_id: UUID, *, reason: str) -> Conversation:
    """Asks for a person. Asking again changes nothing; asking about a resolved conversation opens it again."""
    conversation = await lock(session, conversation_id)
    if conversation.status in {"bot", "resolved"}:
        notice = {"kind": "handoff_requested"}
        await change_hands(session, conversation, status="waiting", notice=notice, reason=reason)
        await brief.keep(session, conversation)
    return conversation


async def claim(session: AsyncSession, conversation_id: UUID, member: SignedIn) -> Conversation:
    """Takes a conversation over; the bot falls silent. Raises ClaimedAlready with the name of who has it."""
    conversation = await lock(session, conversation_id)
    if conversation.status == "human":
        if conversation.assignee_id != member.id:
            raise ClaimedAlready(f"{conversation.assignee_name} has taken this conversation already.")
        return conversation
    agent = Author("agent", member.id, member.name)
    await change_hands(
        session, conversation, status="human", assignee=agent, notice={"kind": "claimed", "name": member.name}
    )
    await record(session, PersonTookOver(conversation.id))
    return conversation


async def transfer(session: AsyncSession, conversation_id: UUID, member: SignedIn, to: UUID) -> Conversation:
    """Passes the conversation on to another member, who need not be there. Raises NotYours, MemberUnknown,
    MemberDisabled.
    """
    conversation = await lock(session, conversation_id)
    check_yours(conversation, member)
    other = await colleague(session, to)
    if other.id != member.id:
        notice = {"kind": "transferred", "name": other.name, "by": member.name}
        agent = Author("agent", other.id, other.name)
        await change_hands(session, conversation, status="human", assignee=agent, notice=notice)
        await record(session, PersonTookOver(conversation.id))
    return conversation


async def put_back(session: AsyncSession, conversation_id: UUID, member: SignedIn) -> Conversation:
    """Puts the conversation back into the queue, for whoever takes it. Raises NotYours."""
    conversation = await lock(session, conversation_id)
    if conversation.status == "waiting":
        return conversation
    check_yours(conversation, member)
    notice = {"kind": "returned_to_queue", "name": member.name}
    reason = f"put back by {member.name}"
    await change_hands(session, conversation, status="waiting", notice=notice, reason=reason)
    return conversation


async def hand_back(session: AsyncSession, conversation_id: UUID, member: SignedIn) -> Conversation:
    """Gives the conversation back to the bot. Raises NotYours."""
    conversation = await lock(session, conversation_id)
    if conversation.status == "bot":
        return conversation
    check_yours(conversation, member)
    await change_hands(
        session, conversation, status="bot", notice={"kind": "handed_back", "name": member.name}
    )
    return conversation


async def resolve(session: AsyncSession, conversation_id: UUID, member: SignedIn) -> Conversation:
    """Ends the conversation; a new message of the visitor opens it again. What was spam is no more."""
    conversation = await lock(session, conversation_id)
    if conversation.status == "resolved":
        return conversation
    if conversation.status == "human":
        check_yours(conversation, member)
    await change_hands(
        session, conversation, status="resolved", notice={"kind": "resolved", "name": member.name}
    )
    return conversation


async def put_away(session: AsyncSession, conversation_id: UUID, member: SignedIn) -> Conversation:
    """Ends the conversation as spam: it leaves the inbox and takes no more messages, until it is resolved or claimed.

    The visitor is told no more than that it is resolved. Raises NotYours.
    """
    conversation = await lock(session, conversation_id)
    if conversation.status == "spam":
        return conversation
    if conversation.status == "human":
        check_yours(conversation, member)
    notice = {"kind": "resolved", "name": member.name}
    await change_hands(session, conversation, status="spam", notice=notice)
    return conversation


def check_yours(conversation: Conversation, member: SignedIn) -> None:
    """Raises NotYours unless `member` has taken this conversation over."""
    if conversation.status != "human":
        raise NotYours
    if conversation.assignee_id != member.id:
        raise NotYours(f"{conversation.assignee_name} has this conversation. Ask them to hand it back first.")
