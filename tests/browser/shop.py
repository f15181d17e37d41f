"""A website with the widget on it, and the agent who takes over what is asked there."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from playwright.async_api import BrowserContext, expect
from sqlalchemy import select

from app.conversations.models import Conversation
from app.handoff import queue
from app.kit.db import Database
from app.tenancy.members import SignedIn
from app.tenancy.models import Site
from tests.browser.people import VisitorAtWidget
from tests.factories import create_agent
from tests.serving import RunningServer


@dataclass
class Shop:
    """A website with the widget, in tabs of one browser."""

    server: RunningServer
    context: BrowserContext
    site: Site
    tabs: list[VisitorAtWidget]

    async def open_tab(self) -> VisitorAtWidget:
        page = await self.context.new_page()
        await page.goto(f"{self.server.url}/shop")
        visitor = VisitorAtWidget(page)
        await visitor.opens()
        self.tabs.append(visitor)
        return visitor

    async def all_see(self, *texts: str) -> None:
        """Each of them, once."""
        for tab in self.tabs:
            for text in texts:
                await expect(tab.thread.get_by_text(text)).to_have_count(1)


async def agent_joins(database: Database, org_id: UUID) -> tuple[Conversation, SignedIn]:
    """The only visitor's conversation, taken over, so that the assistant stays out of it."""
    async with asyncio.timeout(40):
        while not (conversation := await visitors_own(database, org_id)):
            await asyncio.sleep(0.05)
    async with database.transaction(org_id) as session:
        await queue.request(session, conversation.id, reason="asked for a person")
        agent = await create_agent(session)
        await queue.claim(session, conversation.id, agent)
    return conversation, agent


async def visitors_own(database: Database, org_id: UUID) -> Conversation | None:
    async with database.transaction(org_id) as session:
        of_visitors = select(Conversation).where(
            Conversation.org_id == org_id, Conversation.kind == "visitor", Conversation.last_seq > 0
        )
        return (await session.scalars(of_visitors)).one_or_none()
