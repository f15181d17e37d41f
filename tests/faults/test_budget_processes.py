"""A budget holds whichever process answers: two hundred visitors at once, three workers, ten requests allowed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.engine import URL

from app.conversations.messaging import start_conversation
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.tenancy.organisations import enter_organisation, first_site
from app.visitors.sessions import start_session
from tests.browser.product import Product
from tests.conftest import clone_database
from tests.faults.processes import serving, working
from tests.model_server import ModelServer

VISITORS = 200
ALLOWED = 10
QUESTION = "How do I connect a language model?"


@pytest.fixture
async def urls(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, URL]:
    name = f"frontdesk_budget_{worker_id}"
    await clone_database(cluster, name)
    return asyncpg_url(cluster.owner_url).set(database=name), asyncpg_url(cluster.app_url).set(database=name)


@pytest.fixture
async def demo(urls: tuple[URL, URL]) -> AsyncIterator[Database]:
    database = Database(urls[1], reactions=REACTIONS, info={"bus": LocalBus()})
    yield database
    await database.close()


async def _come(database: Database) -> list[tuple[str, UUID]]:
    """As many visitors, each with a token and a conversation."""
    async with database.transaction(None) as session:
        await enter_organisation(session, "demo")
        site = await first_site(session)
        come = []
        for _ in range(VISITORS):
            started = await start_session(session, site, days=1)
            talk, _ = await start_conversation(
                session, visitor_id=started.visitor_id, site_id=site.id, client_id=uuid4()
            )
            come.append((started.token, talk.id))
        return come


async def _ask(product: Product, client: httpx.AsyncClient, token: str, conversation: UUID) -> str:
    """Asks, and returns what the assistant said in the end."""
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{product.url}/v1/conversations/{conversation}"
    posted = await client.post(
        f"{url}/messages", json={"client_id": str(uuid4()), "text": QUESTION}, headers=headers
    )
    assert posted.status_code == 201, posted.text
    while True:
        events = (await client.get(f"{url}/events", headers=headers)).json()["events"]
        for event in events:
            if event["kind"] == "message.updated" and event["data"]["state"] != "streaming":
                assert event["data"]["state"] == "complete"
                return str(event["data"]["text"])
        await asyncio.sleep(1)


async def test_two_hundred_at_once_on_a_budget_of_ten(urls: tuple[URL, URL], demo: Database) -> None:
    async with ModelServer().running() as model:
        model.say("Set OPENAI_BASE_URL to its address [1].")
        settings = {"OPENAI_BASE_URL": model.url, "FRONTDESK_BUDGET_SITE": f"{ALLOWED} requests/day"}
        async with serving(*urls, settings) as one, serving(*urls, settings) as other, working(one):
            come = await _come(demo)
            # All of them come from this address, which may ask 600 times a minute.
            limits = httpx.Limits(max_connections=20)
            async with httpx.AsyncClient(timeout=60, limits=limits) as client, asyncio.timeout(120):
                said = await asyncio.gather(
                    *(
                        _ask((one, other)[number % 2], client, token, conversation)
                        for number, (token, conversation) in enumerate(come)
                    )
                )
        assert len(model.requests) == ALLOWED
    answered = [text for text in said if text.startswith("Set OPENAI_BASE_URL")]
    passed_on = [text for text in said if "as many answers as I may" in text]
    assert (len(answered), len(passed_on)) == (ALLOWED, VISITORS - ALLOWED)
