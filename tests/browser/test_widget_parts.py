"""The widget comes in parts and languages: each is there when it is needed, and works as it was built."""

import pytest
from playwright.async_api import BrowserContext, FilePayload, Route, expect

from tests.browser.people import VisitorAtWidget
from tests.browser.shop import Shop
from tests.rooms.attached import PDF
from tests.serving import RunningServer

SELDOM = "**/static/seldom-*.js*"
# Language -> what the button says that attaches files.
ATTACH = {"en": "Attach", "de": "Anhängen", "fr": "Joindre", "es": "Adjuntar", "ar": "إرفاق"}


async def test_who_finds_nobody_there_leaves_an_address(shop: Shop) -> None:
    visitor = await shop.open_tab()
    await visitor.panel.get_by_role("button", name="Talk to a person").click()
    field = visitor.panel.get_by_label("Email address")
    # An address that the browser takes and the server does not.
    await field.fill("ann@localhost")
    await field.press("Enter")
    await expect(visitor.panel.get_by_role("alert")).not_to_be_empty()
    await field.fill("ann@example.org")
    await field.press("Enter")
    await visitor.sees("We will write to ann@example.org")
    await expect(field).to_have_count(0)


async def test_a_part_that_could_not_be_fetched_comes_later(context: BrowserContext, shop: Shop) -> None:
    asked: list[str] = []

    async def first_fails(route: Route) -> None:
        asked.append(route.request.url)
        await (route.abort() if len(asked) == 1 else route.continue_())

    await context.route(SELDOM, first_fails)
    visitor = await shop.open_tab()
    await visitor.panel.get_by_role("button", name="Talk to a person").click()
    await expect(visitor.panel.get_by_label("Email address")).to_be_visible()
    assert len(set(asked)) == 2


async def test_who_needs_none_of_it_does_not_fetch_it(context: BrowserContext, shop: Shop) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    visitor = await shop.open_tab()
    await visitor.writes("Hello")
    await visitor.sees("What would you like to know?")
    assert [url for url in asked if "/panel-" in url]
    assert not [url for url in asked if "/seldom-" in url]


@pytest.mark.parametrize("language", ATTACH)
async def test_panel_and_files_work_in_every_language(
    server: RunningServer, context: BrowserContext, shop: Shop, language: str
) -> None:
    script = f'<script src="{server.url}/widget.js" data-site="{shop.site.key}" data-lang={language} data-open async>'
    body = f"<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,>{script}</script>"
    await context.route("**/lang", lambda route: route.fulfill(content_type="text/html", body=body))
    visitor = VisitorAtWidget(await context.new_page())
    await visitor.page.goto(f"{server.url}/lang")
    await expect(visitor.panel.get_by_text("Northwind help")).to_be_visible()
    async with visitor.page.expect_file_chooser() as chooser:
        await visitor.panel.get_by_role("button", name=ATTACH[language]).click()
    await (await chooser.value).set_files(FilePayload(name="a.pdf", mimeType="application/pdf", buffer=PDF))
    await expect(visitor.panel.get_by_role("listitem")).to_contain_text("1")
    await visitor.writes("Hello")
    await visitor.sees("Hello")
    await expect(visitor.thread.get_by_role("button", name="a.pdf")).to_be_visible()
