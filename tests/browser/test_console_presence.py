"""What members see of each other and of the visitor while they work, and how a conversation is passed on."""

from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.handoff import queue
from app.kit.db import Database
from app.realtime import presence
from app.tenancy.members import SignedIn
from tests.browser.console import opened
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer


@pytest.fixture
async def talk(database: Database, org_id: UUID, maya: SignedIn) -> Talk:
    """Maya's."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.claim(session, talk.id, maya)
        return talk


@pytest.fixture
async def jonas(database: Database, org_id: UUID) -> SignedIn:
    async with database.transaction(org_id) as session:
        return await create_agent(session, "Jonas Lind")


async def test_members_see_who_types_who_looks_and_who_is_there(
    server: RunningServer,
    context: BrowserContext,
    browser: Browser,
    maya: SignedIn,
    jonas: SignedIn,
    talk: Talk,
) -> None:
    path = f"/console/conversations/{talk.id}"
    page = await opened(server, context, maya, path)
    await expect(page.locator("[data-visitor-here]")).to_have_attribute("data-visitor-here", "false")
    await expect(page.locator(".list .link")).to_contain_text("last news")
    visitor = presence.visitor(talk.visitor.id)
    with server.runtime.presence.on_page(talk.id, visitor):
        await expect(page.locator("[data-visitor-here]")).to_have_attribute("data-visitor-here", "true")
        server.runtime.presence.type(talk.id, visitor)
        await expect(page.get_by_text("Visitor is typing…")).to_be_visible()
        server.runtime.presence.stop_typing(talk.id, visitor)
        await expect(page.get_by_text("Visitor is typing…")).not_to_be_visible()
    await expect(page.get_by_text("also here")).not_to_be_visible()
    elsewhere = await browser.new_context(locale="en-GB")
    theirs = await opened(server, elsewhere, jonas, path)
    await expect(page.get_by_text("also here: Jonas Lind")).to_be_visible()
    await page.get_by_label("Reply to").press_sequentially("It is")
    await expect(theirs.get_by_text("Maya Kaur is typing…")).to_be_visible()
    await elsewhere.close()


async def test_a_conversation_is_passed_on_with_the_keys(
    server: RunningServer, context: BrowserContext, maya: SignedIn, jonas: SignedIn, talk: Talk
) -> None:
    page = await opened(server, context, maya, f"/console/conversations/{talk.id}")
    await page.keyboard.press("p")
    menu = page.locator(".menu")
    await expect(menu).to_be_visible()
    choice = menu.get_by_role("button", name="Jonas Lind")
    await expect(choice).to_be_focused()
    await expect(choice).to_contain_text("not here: the visitor may have to wait")
    await page.keyboard.press("Escape")
    await expect(menu).not_to_be_visible()
    await page.keyboard.press("p")
    await _passes_on(page)
    await expect(page.get_by_text("Maya Kaur passed it on to Jonas Lind")).to_be_visible()
    await expect(page.get_by_text("and is not at the console now")).to_be_visible()
    await expect(page.get_by_label("Reply to")).to_be_disabled()


async def _passes_on(page: Page) -> None:
    await expect(page.locator(".menu .choice").first).to_be_focused()
    await page.keyboard.press("Enter")
