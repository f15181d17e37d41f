"""Members among themselves, each in a browser of their own, and what a visitor sees of it: nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, Route, expect

from app.handoff import queue
from app.kit.db import Database
from app.tenancy.members import SignedIn
from tests.browser.console import opened
from tests.browser.people import MemberAtConsole, VisitorAtWidget
from tests.browser.product import Product
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer


@dataclass
class Two:
    """Ada, an admin, and Maya, at the Team page."""

    ada: Page
    maya: Page
    known: tuple[SignedIn, SignedIn]


@pytest.fixture
async def two(
    server: RunningServer, browser: Browser, database: Database, org_id: UUID
) -> AsyncIterator[Two]:
    async with database.transaction(org_id) as session:
        known = await create_agent(session, "Ada Admin", role="admin"), await create_agent(session)
    contexts = [await browser.new_context(locale="en-GB") for _ in known]
    for context in contexts:
        context.set_default_timeout(40_000)
    pages = [
        await opened(server, context, member, "/console/team")
        for context, member in zip(contexts, known, strict=True)
    ]
    complaints: list[str] = []
    for page in pages:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Policy" in message.text else None
        )
    yield Two(pages[0], pages[1], known)
    for context in contexts:
        await context.close()
    assert complaints == []


async def open_channel(page: Page, name: str) -> None:
    await page.get_by_role("link", name="New group or channel").click()
    await page.get_by_label("Name").last.fill(name)
    await page.get_by_role("button", name="Open the channel").click()
    await expect(page.get_by_label(f"Message to {name}")).to_be_visible()


async def write(page: Page, text: str) -> None:
    # A page that was just opened takes keys before it knows what they mean.
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    field = page.get_by_label("Message to")
    await field.fill(text)
    await field.press("Control+Enter")
    await expect(field).to_have_value("")


async def test_two_members_talk_and_read_one_another(two: Two) -> None:
    await two.ada.get_by_role("button", name="Maya Kaur").click()
    await write(two.ada, "Lunch?")
    badge = two.maya.locator("#team-unread")
    await expect(badge).to_contain_text("1")
    await two.maya.get_by_role("link", name="Ada Admin").click()
    await expect(two.maya.locator(".said.colleague")).to_contain_text("Lunch?")
    await expect(two.ada.locator("#receipt")).to_have_text("Read")
    await expect(badge).to_have_count(0)
    await write(two.maya, "At noon")
    await expect(two.ada.locator(".said.colleague")).to_contain_text("At noon")


async def test_a_name_is_completed_and_called_without_a_mouse(two: Two) -> None:
    await open_channel(two.ada, "Shipping")
    field = two.ada.get_by_label("Message to Shipping")
    await field.press_sequentially("Late again, @ka")
    offer = two.ada.get_by_role("listbox", name="Colleagues")
    await expect(offer.get_by_role("option", selected=True)).to_have_text("Maya Kaur")
    await field.press("Escape")
    await expect(offer).to_have_count(0)
    await field.press("Backspace")
    await field.press("Enter")
    await expect(field).to_have_value("Late again, @Maya Kaur ")
    await field.press_sequentially("can you look?")
    await field.press("Control+Enter")
    await expect(two.ada.locator(".called")).to_have_text("@Maya Kaur")
    await expect(two.maya.locator("#team-called")).to_contain_text("@1")
    await two.maya.get_by_role("link", name="Ada Admin in #Shipping").click()
    await expect(two.maya.locator(".called.me")).to_have_text("@Maya Kaur")
    await expect(two.maya.locator("#team-called")).to_have_count(0)


async def test_an_edit_and_a_deletion_reach_the_other_side(two: Two) -> None:
    await open_channel(two.ada, "Shipping")
    await write(two.ada, "Depot is layte")
    await two.maya.get_by_role("link", name="Shipping").click()
    theirs = two.maya.locator(".said.colleague")
    await expect(theirs).to_contain_text("Depot is layte")
    more = two.ada.get_by_role("button", name="More about this message")
    await more.focus()
    await more.press("Enter")
    await two.ada.get_by_role("link", name="Edit").press("Enter")
    field = two.ada.get_by_label("Your message")
    await expect(field).to_be_focused()
    await field.fill("Depot is late")
    await field.press("Control+Enter")
    await expect(theirs).to_have_text(re.compile(r"Depot is late\s+edited"))
    await more.click()
    await two.ada.get_by_role("button", name="Delete…").click()
    await two.ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(theirs).to_contain_text("This message was deleted")
    await two.ada.get_by_role("link", name="What it said").click()
    await expect(two.ada.get_by_role("list", name="Versions")).to_contain_text("Depot is layte")


async def test_a_line_marks_where_news_begin_for_as_long_as_one_reads(two: Two) -> None:
    await open_channel(two.ada, "Shipping")
    await write(two.ada, "Old")
    await two.maya.get_by_role("link", name="Shipping").click()
    await two.maya.get_by_role("button", name="Join").click()
    await expect(two.maya.get_by_label("Message to Shipping")).to_be_visible()
    await two.maya.get_by_role("link", name="Support").click()
    await expect(two.maya.get_by_label("Message to Support")).to_be_visible()
    await write(two.ada, "New")
    await two.maya.get_by_role("link", name="Shipping").click()
    line = two.maya.locator("#news + .said")
    await expect(line).to_contain_text("New")
    await write(two.ada, "Newer")
    await expect(two.maya.locator(".said").last).to_contain_text("Newer")
    await expect(line).to_contain_text("New")
    await write(two.maya, "Seen")
    await expect(two.maya.locator("#news")).to_have_count(0)


@asynccontextmanager
async def held_up(page: Page, door: str) -> AsyncIterator[None]:
    """What is asked of `door` is done, and answered only at the end."""
    moved_on, answered = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await moved_on.wait()
        await route.fulfill(response=answer)
        answered.set()

    await page.route(door, late)
    yield
    moved_on.set()
    await answered.wait()
    # Twice what the page waits between two looks, so that a page led back would show.
    await page.wait_for_timeout(700)


async def test_an_answer_that_comes_late_leads_nobody_back(two: Two) -> None:
    await open_channel(two.ada, "Shipping")
    await two.maya.get_by_role("link", name="Shipping").click()
    support = two.maya.get_by_label("Message to Support")
    async with held_up(two.maya, "**/join"):
        await two.maya.get_by_role("button", name="Join").click()
        await two.maya.get_by_role("link", name="Support").click()
        await expect(support).to_be_visible()
        address = two.maya.url
    await expect(support).to_be_visible()
    assert two.maya.url == address


async def test_what_was_sent_is_not_written_any_more_though_its_answer_comes_late(two: Two) -> None:
    await open_channel(two.ada, "Shipping")
    field = two.ada.get_by_label("Message to Shipping")
    async with held_up(two.ada, "**/messages"):
        await field.fill("Late again")
        await field.press("Control+Enter")
        await two.ada.get_by_role("link", name="Support").click()
        await expect(two.ada.get_by_label("Message to Support")).to_be_visible()
    await expect(two.ada.get_by_label("Message to Support")).to_have_value("")
    await two.ada.get_by_role("link", name="Shipping").click()
    await expect(two.ada.locator(".said")).to_have_text(re.compile("Late again"))
    await expect(field).to_have_value("")


async def test_a_note_calls_a_colleague_into_the_visitors_conversation(
    two: Two, database: Database, org_id: UUID
) -> None:
    talk = await waiting(database, org_id)
    await two.maya.goto(two.maya.url.replace("team", f"conversations/{talk.id}"))
    await two.maya.get_by_text("Note", exact=True).click()
    note = two.maya.get_by_label("Note for the team")
    await note.fill("@Ada Admin is the Oslo depot late again?")
    await note.press("Control+Enter")
    await expect(two.maya.locator(".said.noted")).to_contain_text("Oslo depot")
    await two.ada.get_by_role("link", name="Maya Kaur in a note").click()
    await expect(two.ada.locator(".said.noted .called.me")).to_have_text("@Ada Admin")
    await expect(two.ada.locator("#team-called")).to_have_count(0)
    await expect(two.ada.get_by_text("only the team sees this")).to_be_visible()


async def waiting(database: Database, org_id: UUID) -> Talk:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.request(session, talk.id, reason="asked for a person")
        return talk


async def test_a_card_in_support_keeps_up_with_its_conversation(
    two: Two, database: Database, org_id: UUID
) -> None:
    await two.maya.get_by_role("link", name="Support").click()
    talk = await waiting(database, org_id)
    card = two.maya.locator(".card-of")
    await expect(card).to_contain_text("Where is my parcel?")
    await expect(card).to_contain_text("Waiting")
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, two.known[0])
    await expect(card).to_contain_text("Taken by Ada Admin")
    await card.get_by_role("link", name="Open the conversation").click()
    await expect(two.maya.get_by_text("Ada Admin has this conversation.")).to_be_visible()


async def test_the_visitor_sees_no_note_and_every_correction(
    product: Product, browser: Browser, page: Page
) -> None:
    visitor = await VisitorAtWidget.arrives(page, product)
    await visitor.writes("I want to talk to a person")
    context = await browser.new_context(locale="en-GB")
    context.set_default_timeout(40_000)
    agent = await MemberAtConsole.signs_in(await context.new_page(), product, "agent")
    await agent.page.goto(f"{product.url}/console/team")
    await agent.page.get_by_role("link", name="Support").click()
    await agent.page.locator(".card-of").last.get_by_role("link", name="Open the conversation").click()
    await agent.takes_over()
    await agent.page.get_by_text("Note", exact=True).click()
    await agent.page.get_by_label("Note for the team").fill("@Ada Admin rude again")
    await agent.page.get_by_role("button", name="Add note").click()
    await expect(agent.page.get_by_role("log")).to_contain_text("rude again")
    await agent.page.get_by_text("Reply", exact=True).click()
    await agent.replies("It is in Olso")
    await visitor.sees("It is in Olso")
    await visitor.does_not_see("rude again")
    mine = agent.page.locator(".said.agent")
    await mine.get_by_role("button", name="More about this message").click()
    await agent.page.get_by_role("link", name="Edit").click()
    await agent.page.get_by_label("Your message").fill("It is in Oslo")
    await agent.page.get_by_role("button", name="Save").click()
    await visitor.sees("It is in Oslo")
    await visitor.does_not_see("Olso")
    await mine.get_by_role("button", name="More about this message").click()
    await agent.page.get_by_role("button", name="Delete…").click()
    await agent.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await visitor.does_not_see("Oslo")
    await page.reload()
    await visitor.opens()
    await visitor.sees("joined")
    await visitor.does_not_see("Oslo")
    await visitor.does_not_see("rude again")
    await context.close()
