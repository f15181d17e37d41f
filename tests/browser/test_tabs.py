"""Several tabs of one browser: one stream serves them all, and closing any of them loses nothing."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

from playwright.async_api import BrowserContext, Page, expect

from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from tests.browser.console import opened
from tests.browser.shop import Shop, agent_joins
from tests.factories import create_agent, create_talk, say
from tests.serving import RunningServer

TABS = 15


def streams(server: RunningServer, org_id: UUID) -> int:
    """How many streams the server holds open for this organisation."""
    return server.runtime.streams._open[f"organisation:{org_id}"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():
            await asyncio.sleep(0.02)


async def test_fifteen_tabs_of_a_visitor_share_one_stream_and_outlive_the_one_that_holds_it(
    server: RunningServer, database: Database, org_id: UUID, shop: Shop
) -> None:
    first = await shop.open_tab()
    await first.writes("Where is my parcel?")
    await shop.all_see("Where is my parcel?")
    conversation, agent = await agent_joins(database, org_id)
    while len(shop.tabs) < TABS:
        await shop.open_tab()
    await shop.all_see("Where is my parcel?")
    assert streams(server, org_id) == 1

    await shop.tabs[4].writes("It was sent on Monday.")
    await shop.tabs[11].writes("By express.")
    await shop.all_see("It was sent on Monday.", "By express.")

    await shop.tabs.pop(0).page.close()
    async with database.transaction(org_id) as session:
        await reply(session, conversation.id, agent, client_id=uuid4(), text="It is in Oslo.")
    await shop.all_see("It is in Oslo.")
    await until(lambda: streams(server, org_id) == 1)


async def test_what_is_sent_offline_from_two_tabs_arrives_once_from_each(
    server: RunningServer, database: Database, org_id: UUID, shop: Shop
) -> None:
    one = await shop.open_tab()
    await one.writes("Hello?")
    await shop.all_see("Hello?")
    await agent_joins(database, org_id)
    two = await shop.open_tab()
    await shop.all_see("Hello?")
    await shop.context.set_offline(True)
    await one.writes("From the first.")
    await two.writes("From the second.")
    await one.page.close()
    shop.tabs.remove(one)
    await shop.context.set_offline(False)
    await shop.all_see("From the first.", "From the second.")
    await shop.open_tab()
    await shop.all_see("Hello?", "From the first.", "From the second.")


async def test_a_conversation_begun_in_one_tab_is_there_in_the_others(shop: Shop) -> None:
    await shop.open_tab()
    await shop.open_tab()
    await shop.tabs[1].writes("Anybody there?")
    await shop.all_see("Anybody there?")


async def test_a_burst_of_events_is_drawn_at_most_once_a_frame(
    server: RunningServer, database: Database, org_id: UUID, shop: Shop
) -> None:
    tab = await shop.open_tab()
    await tab.writes("Where is my parcel?")
    await shop.all_see("Where is my parcel?")
    conversation, agent = await agent_joins(database, org_id)
    await tab.page.evaluate(
        """() => {
          const log = document.querySelector('frontdesk-widget').shadowRoot.querySelector('[role=log]');
          window.drawn = window.frames_ = 0;
          new MutationObserver(() => (window.drawn += 1)).observe(log, { childList: true });
          const count = () => { window.frames_ += 1; requestAnimationFrame(count); };
          count();
        }"""
    )
    async with database.transaction(org_id) as session:
        for number in range(100):
            await reply(session, conversation.id, agent, client_id=uuid4(), text=f"Part {number}.")
    await shop.all_see("Part 99.")
    drawn, frames = await tab.page.evaluate("[window.drawn, window.frames_]")
    assert drawn < 50
    assert drawn <= frames


async def test_consoles_of_one_browser_share_a_stream_and_follow_what_each_of_them_shows(
    server: RunningServer, database: Database, org_id: UUID, context: BrowserContext
) -> None:
    async with database.transaction(org_id) as session:
        maya = await create_agent(session)
        talks = [await create_talk(session) for _ in range(3)]
        for number, talk in enumerate(talks):
            await say(session, talk, f"Question {number}")
            await queue.request(session, talk.id, reason="asked for a person")
    first = await opened(server, context, maya)
    pages: list[Page] = [first]
    for talk in talks:
        page = await context.new_page()
        await page.goto(f"{server.url}/console/conversations/{talk.id}")
        await expect(page.locator("html")).to_have_attribute("data-link", "live")
        pages.append(page)
    await until(lambda: streams(server, org_id) == 1)
    await first.close()
    for number, talk in enumerate(talks):
        async with database.transaction(org_id) as session:
            await say(session, talk, f"And {number}, too")
    for number, page in enumerate(pages[1:]):
        await expect(page.locator(".said.visitor").last).to_contain_text(f"And {number}, too")
        await expect(page.locator("html")).to_have_attribute("data-link", "live")
    await until(lambda: streams(server, org_id) == 1)
