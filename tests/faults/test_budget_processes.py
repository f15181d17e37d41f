"""A budget holds whichever process answers: two hundred visitors at once, three workers, ten requests allowed."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from app.conversations.messaging import start_conversation
from app.conversations.models import Message
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


async def _ask(product: Product, client: httpx.AsyncClient, token: str, conversation: UUID) -> None:
    body = {"client_id": str(uuid4()), "text": QUESTION}
    url = f"{product.url}/v1/conversations/{conversation}/messages"
    while True:
        posted = await client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
        if posted.status_code != 503:  # on a machine with much else to do it may ask to come back
            break
    assert posted.status_code == 201, posted.text


async def _said(database: Database) -> list[str]:
    """What the assistant has said to each of them, once it has."""
    while True:
        async with database.transaction(None) as session:
            org_id = (await enter_organisation(session, "demo")).id
            ended = (
                (Message.org_id == org_id) & (Message.author_kind == "bot") & (Message.state == "complete")
            )
            said = (await session.scalars(select(Message.text).where(ended))).all()
        if len(said) == VISITORS:
            return list(said)
        await asyncio.sleep(0.5)


async def test_two_hundred_at_once_on_a_budget_of_ten(urls: tuple[URL, URL], demo: Database) -> None:
    async with ModelServer().running() as model:
        model.say("Set OPENAI_BASE_URL to its address [1].")
        settings = {"OPENAI_BASE_URL": model.url, "FRONTDESK_BUDGET_SITE": f"{ALLOWED} requests/day"}
        async with serving(*urls, settings) as one, serving(*urls, settings) as other, working(one):
            come = await _come(demo)
            limits = httpx.Limits(max_connections=16)
            timeout = httpx.Timeout(60, pool=None)
            async with httpx.AsyncClient(timeout=timeout, limits=limits) as client, asyncio.timeout(180):
                asked = [_ask((one, other)[number % 2], client, *who) for number, who in enumerate(come)]
                await asyncio.gather(*asked)
                said = await _said(demo)
        assert len(model.requests) == ALLOWED
    answered = [text for text in said if text.startswith("Set OPENAI_BASE_URL")]
    passed_on = [text for text in said if "as many answers as I may" in text]
    assert (len(answered), len(passed_on)) == (ALLOWED, VISITORS - ALLOWED)
