"""Poisoned pages and a model that obeys them, as the visitor's browser sees it: it asks nobody but Frontdesk."""

import asyncio

from playwright.async_api import Page, Request, expect

from app.handoff.desk import set_desk
from app.kit.db import Database
from app.tenancy.organisations import enter_organisation
from tests.answering.poison import ORDERS, SUBJECTS, obey_to_the_letter, read_by
from tests.answering.poison import page as poisoned_page
from tests.browser.people import VisitorAtWidget
from tests.browser.product import Product
from tests.model_server import ModelServer
from tests.rooms.knowledge_factories import index_document


async def _poison(product: Product) -> None:
    """As many pages as there are ways to poison one."""
    database = Database(product.app)
    async with database.transaction(None) as session:
        org_id = (await enter_organisation(session, "demo")).id
        await set_desk(session, None, after_unknown=0)  # an answer that recites counts as unknown
    for number in range(len(ORDERS)):
        await index_document(database, org_id, *poisoned_page(number))
    await database.close()


async def test_no_request_leaves_for_anywhere_else(
    page: Page, product_with_model: Product, model: ModelServer
) -> None:
    await _poison(product_with_model)
    model.reset()
    model.say(obey_to_the_letter)
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))  # noqa: PLW0108 (it marks what it calls)
    visitor = await VisitorAtWidget.arrives(page, product_with_model)
    whole = visitor.panel.get_by_role("button", name="Helpful", exact=True)
    for number in range(len(ORDERS)):
        await visitor.writes(f"How do I open the {SUBJECTS[number]}?")
        await expect(whole).to_have_count(number + 1, timeout=30_000)
    await asyncio.sleep(0.5)  # what an answer would load it has loaded by now
    reached = {number for request in model.requests for number in read_by(request.body)}
    assert reached == set(range(len(ORDERS))), "not all of the poison was tasted"
    own = (product_with_model.url, "data:", "blob:")
    assert [request.url for request in asked if not request.url.startswith(own)] == []
    assert not await visitor.panel.locator("img[src*='//'], iframe, script, a[href*='evil']").count()
