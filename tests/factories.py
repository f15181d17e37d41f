"""Makes what tests need: plain, typed, real."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.messaging import Author, get, post, start_conversation
from app.conversations.models import Conversation, Message
from app.conversations.views import View, snapshot
from app.kit.db import Database, scope
from app.kit.ids import new_id
from app.tenancy.members import SignedIn, add_member
from app.tenancy.models import Site
from app.tenancy.organisations import create_site
from app.visitors.models import Visitor

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Talk:
    """A visitor and their conversation."""

    site: Site
    visitor: Visitor
    conversation: Conversation

    @property
    def id(self) -> UUID:
        return self.conversation.id


async def create_talk(session: AsyncSession, *, origins: tuple[str, ...] = ()) -> Talk:
    site = await create_site(session, name="Northwind help", origins=origins, starters=["Where is my order?"])
    visitor = Visitor(id=new_id(), org_id=scope(session), site_id=site.id)
    session.add(visitor)
    await session.flush()
    conversation, _ = await start_conversation(
        session, visitor_id=visitor.id, site_id=site.id, client_id=uuid4()
    )
    return Talk(site, visitor, conversation)


async def say(session: AsyncSession, talk: Talk, text: str, *, client_id: UUID | None = None) -> Message:
    """The visitor writes."""
    author = Author("visitor", talk.visitor.id)
    message, _ = await post(session, talk.id, author=author, client_id=client_id or uuid4(), text=text)
    return message


async def messages_of(database: Database, org_id: UUID, talk: Talk) -> list[View]:
    """All that was said, as it looks from outside."""
    async with database.transaction(org_id) as session:
        view = await snapshot(session, await get(session, talk.id), {})
    return list(view["messages"])


async def create_agent(session: AsyncSession, name: str = "Maya Kaur", *, role: str = "agent") -> SignedIn:
    email = f"{new_id().hex}@northwind.example"
    member = await add_member(session, email=email, name=name, role=role, password=PASSWORD)
    return SignedIn(member.org_id, member.id, member.name, member.email, member.role, new_id())
