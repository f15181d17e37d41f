"""The widget on somebody else's page: another origin, under a strict Content Security Policy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, expect
from sqlalchemy import update

from app.kit.db import Database
from app.tenancy.models import Site
from app.tenancy.organisations import enter_organisation, first_site
from tests.browser.people import VisitorAtWidget
from tests.browser.product import Product


@asynccontextmanager
async def shop(body: str, policy: str) -> AsyncIterator[str]:
    """A website of one page; yields its origin."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        above = "<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,><h1>Shop</h1>"
        page = (above + body).encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
            f"Content-Security-Policy: {policy}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def demo_site(product: Product, origins: list[str] | None = None) -> str:
    """The demo site's key; `origins` are set first where given."""
    database = Database(product.app)
    async with database.transaction(None) as session:
        await enter_organisation(session, "demo")
        site = await first_site(session)
        if origins is not None:
            await session.execute(update(Site).where(Site.org_id == site.org_id).values(origins=origins))
    await database.close()
    return site.key


def strict(product: Product) -> str:
    return f"default-src 'none'; img-src data:; script-src {product.url}; connect-src {product.url}"


def snippet(product: Product, key: str) -> str:
    return f'<script src="{product.url}/widget.js" data-site="{key}" async></script>'


async def test_it_works_on_another_origin_under_a_strict_policy(page: Page, product: Product) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    key = await demo_site(product)
    async with shop(snippet(product, key), strict(product)) as origin:
        await demo_site(product, [origin])
        await page.goto(origin)
        visitor = VisitorAtWidget(page)
        await visitor.opens()
        await visitor.writes("How do I connect a language model?")
        await visitor.sees("OPENAI_BASE_URL")
    assert complaints == []


async def test_it_speaks_arabic_from_right_to_left(page: Page, product: Product) -> None:
    script = snippet(product, await demo_site(product)).replace(" async", ' data-lang="ar" async')
    async with shop(script, strict(product)) as origin:
        await demo_site(product, [origin])
        await page.goto(origin)
        await page.get_by_role("button", name="فتح المحادثة").click()
        await expect(page.get_by_role("textbox", name="اطرح سؤالاً…")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_contain_text("التحدث إلى شخص")
        await expect(page.locator("frontdesk-widget")).to_have_attribute("dir", "rtl")


async def test_a_page_that_is_not_allowed_is_told_why(page: Page, product: Product) -> None:
    key = await demo_site(product, [])
    async with shop(snippet(product, key), strict(product)) as origin:
        await page.goto(origin)
        await VisitorAtWidget(page).opens()
        await expect(page.get_by_role("dialog")).to_contain_text("not set up for this page")


async def test_a_missing_or_unknown_key_leaves_the_page_unharmed_and_says_what_to_do(
    page: Page, product: Product
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    async def told(what: str) -> None:
        async with asyncio.timeout(40):
            while not any(what in text for text in said):
                await asyncio.sleep(0.02)

    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    async with shop(f'<script src="{product.url}/widget.js" async></script>', strict(product)) as origin:
        await page.goto(origin)
        await told("data-site")
    async with shop(snippet(product, "site_unknown"), strict(product)) as origin:
        await page.goto(origin)
        await VisitorAtWidget(page).opens()
        await expect(page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_visible()
        await told("There is no site with this key")
    assert broken == []
