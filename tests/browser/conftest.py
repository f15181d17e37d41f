"""A real browser, and the product in a process of its own."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.tenancy.members import SignedIn
from app.tenancy.organisations import create_site
from tests.browser.product import Product
from tests.browser.shop import Shop
from tests.conftest import clone_database
from tests.factories import create_agent
from tests.model_server import ModelServer
from tests.serving import RunningServer

# A machine that runs other things besides is slow now and then.
expect.set_options(timeout=40_000)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail(
            "There is no Chromium. `make test` installs it as root on Debian; else: apt-get install chromium"
        )
    async with async_playwright() as playwright:
        quiet = [
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ]
        browser = await playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing yet; the test fails on any error in a page's console."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 900})
    context.set_default_timeout(40_000)
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
def database(server: RunningServer) -> Database:
    """The server's own, so that its signals reach the pages at once."""
    return server.runtime.database


@pytest.fixture
async def maya(database: Database, org_id: UUID) -> SignedIn:
    async with database.transaction(org_id) as session:
        return await create_agent(session)


@pytest.fixture(scope="session")
async def model() -> AsyncIterator[ModelServer]:
    """A scriptable OpenAI-compatible server. Tests that use it say first what it shall say."""
    async with ModelServer().running() as server:
        yield server


Start = Callable[..., Awaitable[Product]]


@pytest.fixture(scope="session")
async def start_product(cluster: EmbeddedDatabase, worker_id: str) -> AsyncIterator[Start]:
    """Starts a product on a new database, with the given settings."""
    started: list[Product] = []

    async def start(**settings: str) -> Product:
        name = f"frontdesk_product_{worker_id}_{len(started)}"
        await clone_database(cluster, name)
        owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
        product = Product(owner, app, settings=settings)
        started.append(product)
        await product.start()
        return product

    yield start
    for product in started:
        await product.stop()


@pytest.fixture(scope="session")
async def product(start_product: Start) -> Product:
    """The product as `make run` starts it: no model, answers are quoted."""
    return await start_product()


@pytest.fixture(scope="session")
async def product_with_model(start_product: Start, model: ModelServer) -> Product:
    """The product with a model endpoint that tests script."""
    return await start_product(
        OPENAI_BASE_URL=model.url, FRONTDESK_JOB_LEASE="3", FRONTDESK_ANSWER_DEADLINE="20"
    )


@pytest.fixture
async def shop(server: RunningServer, org_id: UUID, context: BrowserContext) -> Shop:
    """A page with the widget on it, of a site of its own."""
    server.runtime.limits._seen.clear()
    async with server.runtime.database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[server.url])
    script = f'<script src="{server.url}/widget.js" data-site="{site.key}" async></script>'
    body = f"<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,><h1>Shop</h1>{script}"
    await context.route("**/shop", lambda route: route.fulfill(content_type="text/html", body=body))
    return Shop(server, context, site, [])
