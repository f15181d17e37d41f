"""Who types, who looks at a conversation, whether the visitor is on the page, and who is at the console.

Whom a visitor may hear of is decided by who is entered as typing: only agents who have the conversation are.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import after_commit
from app.realtime import topics
from app.realtime.attendance import LEASE_S, Attendance, Person

TYPING_S = 6.0
# Who says more often that they type is not heard more often.
TYPING_EVERY_S = 2.0
MOST_ONLINE = 1000


def visitor(visitor_id: UUID, name: str | None = None) -> Person:
    return Person("visitor", str(visitor_id), name or "Visitor")


def agent(member_id: UUID, name: str) -> Person:
    return Person("agent", str(member_id), name)


class Presence:
    def __init__(self, attendance: Attendance) -> None:
        self.attendance = attendance

    def type(self, conversation_id: UUID, person: Person) -> None:
        """Somebody types, for as long as they say so every few seconds."""
        topic, key = topics.typing(conversation_id), _key(person)
        if self.attendance.left(topic, key) <= TYPING_S - TYPING_EVERY_S:
            self.attendance.keep(topic, key, person, ttl_s=TYPING_S)

    def stop_typing(self, conversation_id: UUID, person: Person) -> None:
        self.attendance.end(topics.typing(conversation_id), _key(person))

    def typing(self, conversation_id: UUID) -> list[Person]:
        """Who types now, on a conversation whose topic `typing` is watched here."""
        return self.attendance.who(topics.typing(conversation_id))

    def looking(self, conversation_id: UUID) -> list[Person]:
        """Who looks at it now, the visitor too; its topic `viewing` is watched here."""
        return self.attendance.who(topics.viewing(conversation_id))

    def online(self, org_id: UUID) -> list[Person]:
        """Who of the staff has the console open; the topic `online` is watched here."""
        return self.attendance.who(topics.online(org_id))

    async def online_ids(self, org_id: UUID) -> frozenset[UUID]:
        """The same, as ids, for who watches nothing."""
        return frozenset(UUID(person.id) for person in await self.attendance.ask(topics.online(org_id)))

    async def is_online(self, org_id: UUID, member_id: UUID) -> bool:
        return member_id in await self.online_ids(org_id)

    async def is_on_page(self, conversation_id: UUID) -> bool:
        """Whether the visitor has the page open."""
        people = await self.attendance.ask(topics.viewing(conversation_id))
        return any(person.kind == "visitor" for person in people)

    @contextmanager
    def on_page(self, conversation_id: UUID, visitor: Person) -> Iterator[None]:
        """The visitor holds a stream."""
        with self.attendance.staying(topics.viewing(conversation_id), secrets.token_hex(8), visitor):
            yield

    @contextmanager
    def at_console(self, org_id: UUID, member: Person, conversations: Iterable[UUID]) -> Iterator[None]:
        """A member holds a stream, with these conversations on their screens."""
        stream = secrets.token_hex(8)
        with ExitStack() as stays:
            stay = self.attendance.staying
            stays.enter_context(stay(topics.online(org_id), stream, member, most=MOST_ONLINE))
            for conversation_id in conversations:
                stays.enter_context(stay(topics.viewing(conversation_id), stream, member))
            yield

    def polls(self, org_id: UUID, member: Person) -> None:
        """A member asks now and then, for want of a stream."""
        topic = topics.online(org_id)
        self.attendance.keep(topic, f"polls:{member.id}", member, ttl_s=LEASE_S, most=MOST_ONLINE)


def typing_ended(session: AsyncSession, conversation_id: UUID, person: Person) -> None:
    """They type no more once this transaction is committed: they have posted, or the conversation is not theirs now."""
    presence: Presence | None = session.info.get("presence")
    if presence is not None:
        after_commit(session, partial(presence.stop_typing, conversation_id, person))


def _key(person: Person) -> str:
    return f"{person.kind}:{person.id}"
