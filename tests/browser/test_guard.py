"""Poisoned pages and a model that obeys them, as the visitor's browser sees it: it asks nobody but Frontdesk."""

import asyncio

from playwright.async_api import Page, Request

from app.kit.db import Database
from app.tenancy.organisations import enter_organisation
from tests.answering.poison import ORDERS, SUBJECTS, obey
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
    for number in range(len(ORDERS)):
        await index_document(database, org_id, *poisoned_page(number))
    await database.close()


async def test_no_request_leaves_for_anywhere_else(
    page: Page, product_with_model: Product, model: ModelServer
) -> None:
    await _poison(product_with_model)
    model.reset()
    model.say(obey)
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))  # noqa: PLW0108 (it marks what it calls)
    visitor = await VisitorAtWidget.arrives(page, product_with_model)
    for number in range(0, len(ORDERS), 4):
        subjects = ", the ".join(SUBJECTS[number : number + 4])
        await visitor.writes(f"How do I open the {subjects}?")
        await visitor.sees(f"How do I open the {subjects}?")
        await visitor.panel.get_by_role("button", name="Stop").wait_for(state="detached", timeout=30_000)
    await asyncio.sleep(0.5)  # what an answer would load it has loaded by now
    prompts = " ".join(str(request.body) for request in model.requests)
    reached = [order for order in ORDERS if order[:20] in prompts or repr(order[:20])[1:-1] in prompts]
    assert len(reached) > len(ORDERS) / 2, "the poison was not even tasted"
    own = (product_with_model.url, "data:", "blob:")
    assert [request.url for request in asked if not request.url.startswith(own)] == []
    assert not await visitor.panel.locator("img[src*='//'], iframe, script, a[href*='evil']").count()
