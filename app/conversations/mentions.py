"""Who is meant by `@name`. The server finds them in the text, so that nobody can be named who is not there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.models import Conversation
from app.kit.db import scope
from app.tenancy.models import Member

# Into all others a colleague can be called who has not been there yet.
CLOSED = ("direct", "group")


@dataclass(frozen=True)
class Mention:
    """`text[start:end]` names these members: several where they have the same name."""

    start: int
    end: int
    member_ids: Sequence[UUID]


async def mentioned(session: AsyncSession, conversation: Conversation, text: str) -> list[UUID] | None:
    """Whom `text` mentions; None in a visitor's conversation, where nobody can be."""
    if conversation.kind == "visitor":
        return None
    if "@" not in text:
        return []
    names = await mentionable(session, conversation)
    return list(dict.fromkeys(id_ for mention in mentions_in(text, names) for id_ in mention.member_ids))


async def mentionable(session: AsyncSession, conversation: Conversation) -> dict[UUID, str]:
    """The names of those who can be mentioned here, in alphabetical order."""
    query = select(Member.id, Member.name).where(
        Member.org_id == scope(session), Member.disabled_at.is_(None)
    )
    if conversation.kind in CLOSED:
        query = query.where(Member.id.in_(await queries.member_ids(session, conversation.id)))
    return {row[0]: row[1] for row in (await session.execute(query.order_by(Member.name, Member.id))).all()}


def mentions_in(text: str, names: Mapping[UUID, str]) -> Iterator[Mention]:
    """Each `@` with a member's name behind it: the whole name, or the first one where only one member has it."""
    callings = _callings(names)
    start = text.find("@")
    while start >= 0:
        found = None if start and text[start - 1].isalnum() else _called(text, start + 1, callings)
        if found:
            yield Mention(start, *found)
        start = text.find("@", found[0] if found else start + 1)


def _called(
    text: str, begin: int, callings: Mapping[str, Sequence[UUID]]
) -> tuple[int, Sequence[UUID]] | None:
    """Where the longest calling ends that begins here, and who is called so."""
    for calling, member_ids in callings.items():
        end = begin + len(calling)
        if text[begin:end].casefold() == calling and not text[end : end + 1].isalnum():
            return end, member_ids
    return None


def _callings(names: Mapping[UUID, str]) -> dict[str, list[UUID]]:
    """What each member answers to, the longest calling first."""
    whole: dict[str, list[UUID]] = defaultdict(list)
    first: dict[str, list[UUID]] = defaultdict(list)
    for member_id, name in names.items():
        whole[name.casefold()].append(member_id)
        first[name.casefold().partition(" ")[0]].append(member_id)
    callings = {name: ids for name, ids in first.items() if len(ids) == 1} | whole
    return {calling: callings[calling] for calling in sorted(callings, key=len, reverse=True) if calling}
