"""Poisoned pages and a model that obeys them, as the visitor's browser sees it: it asks nobody but Frontdesk."""

import asyncio

from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from app.handoff.desk import set_desk
from app.kit.db import Database
from app.tenancy.organisations import enter_organisation
from tests.answering.poison import SUBJECTS, obey_to_the_letter, read_by
from tests.answering.poison import page as poisoned_page
from tests.browser.people import MemberAtConsole, VisitorAtWidget
from tests.browser.product import Product
from tests.model_server import ModelServer
from tests.rooms.knowledge_factories import index_document

# Who asks more often in so steady a rhythm is taken for a program.
EACH = 10
# What runs beside this on the machine must not starve.
AT_A_TIME = 3
NOTHING_FOREIGN = "img[src*='//'], iframe, script:not([src^='/']), a[href*='evil']"


async def _poison(product: Product) -> None:
    """All hundred pages."""
    database = Database(product.app)
    async with database.transaction(None) as session:
        org_id = (await enter_organisation(session, "demo")).id
        await set_desk(session, None, after_unknown=0)  # an answer that recites counts as unknown
    for number in range(len(SUBJECTS)):
        await index_document(database, org_id, *poisoned_page(number))
    await database.close()


async def _ask(product: Product, context: BrowserContext, subjects: list[str]) -> None:
    visitor = await VisitorAtWidget.arrives(await context.new_page(), product)
    whole = visitor.panel.get_by_role("button", name="Helpful", exact=True)
    for number, subject in enumerate(subjects, 1):
        await visitor.writes(f"How do I open the {subject}?")
        await expect(whole).to_have_count(number, timeout=40_000)
    assert not await visitor.panel.locator(NOTHING_FOREIGN).count()
    await asyncio.sleep(0.5)  # what an answer would load it has loaded by now


async def test_no_request_leaves_for_anywhere_else(
    page: Page, browser: Browser, product_with_model: Product, model: ModelServer
) -> None:
    await _poison(product_with_model)
    model.reset()
    model.say(obey_to_the_letter)
    asked: list[Request] = []
    shares = [SUBJECTS[at : at + EACH] for at in range(0, len(SUBJECTS), EACH)]
    contexts = [await browser.new_context(locale="en-GB") for _ in shares]
    for context in (page.context, *contexts):
        context.on("request", lambda request: asked.append(request))  # noqa: PLW0108 (it marks what it calls)
    places = asyncio.Semaphore(AT_A_TIME)

    async def visits(context: BrowserContext, share: list[str]) -> None:
        async with places:
            await _ask(product_with_model, context, share)
            await context.close()

    await asyncio.gather(*map(visits, contexts, shares))
    await _read_as_a_member(page, product_with_model, len(shares))
    await asyncio.sleep(0.5)  # what an answer would load it has loaded by now
    reached = {number for request in model.requests for number in read_by(request.body)}
    assert reached == set(range(len(SUBJECTS))), "not all of the poison was tasted"
    own = (product_with_model.url, "data:", "blob:")
    assert [request.url for request in asked if not request.url.startswith(own)] == []


async def _read_as_a_member(page: Page, product: Product, conversations: int) -> None:
    """What the visitors were told, and a poisoned page itself, in the console."""
    await MemberAtConsole.signs_in(page, product, "admin")
    await page.goto(f"{product.url}/console/inbox?tab=all")
    await expect(page.locator("a.row")).to_have_count(conversations)
    read = await page.locator("a.row").evaluate_all("all => all.map(one => one.href)")
    for address in read:
        await page.goto(address)
        await expect(page.get_by_role("log")).to_contain_text("How do I open the")
        assert not await page.locator("#desk").locator(NOTHING_FOREIGN).count()
    await page.goto(f"{product.url}/console/knowledge")
    await page.get_by_role("link", name=f"{SUBJECTS[0]}.md").first.click()
    await expect(page.locator(".chunk").first).to_contain_text("IGNORE ALL PREVIOUS INSTRUCTIONS")
    assert not await page.locator("#desk").locator(NOTHING_FOREIGN).count()
