"""The documentation's pictures, taken anew from the running product: `make pictures`."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from app.kit.db import asyncpg_url
from app.kit.embedded import release, start
from tests.browser.people import MemberAtConsole, VisitorAtWidget
from tests.browser.product import ROOT, Product
from tests.model_server import ModelServer

IMAGES = ROOT / "docs" / "images"
PAGE = {"width": 1000, "height": 720}
PHONE = {"width": 375, "height": 720}
CONSOLE = {"width": 1440, "height": 860}
QUESTION = "How do I put the widget on my page?"
WRITTEN = (
    "Add one script tag anywhere in the page, with your site's key [1]. The page's origin must be one of the "
    "site's origins; other websites are refused with a message that says so [1]. Before the visitor opens the widget "
    "the page makes one request, and nothing is stored [2]."
)


async def main() -> None:
    async with ModelServer().running() as model, running(model) as product, async_playwright() as playwright:
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        model.fail(500)  # answers are quoted from the documents
        await published(browser, product)
        await closed_and_open(browser, product)
        await quoted(browser, product)
        await person(browser, product)
        await knowledge(browser, product)
        model.reset()
        model.say_slowly(WRITTEN, 0.15)
        await answering(browser, product)
        await browser.close()


@asynccontextmanager
async def running(model: ModelServer) -> AsyncIterator[Product]:
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pictures-"))
    folder.chmod(0o755)  # noqa: ASYNC240 (before anything runs)
    database = start(folder / "data")
    product = Product(
        asyncpg_url(database.owner_url),
        asyncpg_url(database.app_url),
        settings={"OPENAI_BASE_URL": model.url},
    )
    try:
        await product.start()
        yield product
        await product.stop()
    finally:
        release(database)
        shutil.rmtree(folder, ignore_errors=True)


async def new_page(browser: Browser, size: dict[str, int], **look: Any) -> Page:
    context = await browser.new_context(viewport=size, locale="en-GB", **look)  # type: ignore[arg-type]
    return await context.new_page()


async def take(page: Page, name: str) -> None:
    await page.wait_for_timeout(500)
    await page.screenshot(path=str(IMAGES / f"{name}.png"))


async def published(browser: Browser, product: Product) -> None:
    """Waits until all of the demo's documents are read."""
    page = await new_page(browser, CONSOLE)
    await MemberAtConsole.signs_in(page, product, "admin")
    await page.goto(f"{product.url}/console/knowledge")
    every = await page.locator(".document").count()
    await expect(page.locator(".document.ready")).to_have_count(every, timeout=180_000)


async def closed_and_open(browser: Browser, product: Product) -> None:
    page = await new_page(browser, PAGE)
    await page.goto(f"{product.url}/demo")
    await take(page, "widget-closed")
    await VisitorAtWidget(page).opens()
    await take(page, "widget-open")


async def quoted(browser: Browser, product: Product) -> None:
    looks: dict[str, dict[str, Any]] = {
        "widget-sources": {"size": PAGE},
        "widget-sources-dark": {"size": PAGE, "color_scheme": "dark"},
        "widget-phone": {"size": PHONE, "has_touch": True},
        "widget-phone-dark": {"size": PHONE, "has_touch": True, "color_scheme": "dark"},
    }
    for name, look in looks.items():
        visitor = await VisitorAtWidget.arrives(await new_page(browser, **look), product)
        await visitor.writes(QUESTION)
        await visitor.sees("Add one script tag")
        await take(visitor.page, name)


async def answering(browser: Browser, product: Product) -> None:
    visitor = await VisitorAtWidget.arrives(await new_page(browser, PAGE), product)
    await visitor.writes(QUESTION)
    await visitor.sees("one of the site's origins")
    await take(visitor.page, "widget-answering")


async def person(browser: Browser, product: Product) -> None:
    desk = await new_page(browser, CONSOLE)
    await desk.goto(f"{product.url}/console/sign-in")
    await take(desk, "console-sign-in")
    agent = await MemberAtConsole.signs_in(desk, product, "agent")
    visitor = await VisitorAtWidget.arrives(await new_page(browser, PAGE), product)
    await visitor.writes("Can you send me a refund for order 1182?")
    await visitor.sees("I don't know")
    await take(visitor.page, "widget-unknown")
    await visitor.thread.get_by_role("button", name="Talk to a person").click()
    await agent.opens_conversation("refund")
    await take(desk, "console-waiting")
    await agent.takes_over()
    await agent.replies("Of course. I am looking at order 1182 now, one moment.")
    await visitor.sees("one moment")
    await visitor.writes("Thank you!")
    await take(visitor.page, "widget-agent")
    await take(desk, "console-conversation")
    phone = await new_page(browser, PHONE, has_touch=True, color_scheme="dark")
    await MemberAtConsole.signs_in(phone, product, "agent")
    await phone.goto(f"{product.url}/console/inbox?tab=mine")
    await take(phone, "console-phone-dark")


async def knowledge(browser: Browser, product: Product) -> None:
    for name, scheme in (("console-knowledge", "light"), ("console-knowledge-dark", "dark")):
        page = await new_page(browser, CONSOLE, color_scheme=scheme)
        await MemberAtConsole.signs_in(page, product, "admin")
        await page.goto(f"{product.url}/console/knowledge")
        await take(page, name)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
