"""Who starts over as a new visitor has the same address, and that has a budget of its own."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.answering.phrases import phrase
from app.config import Settings
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.realtime.bus import LocalBus
from app.tenancy.organisations import create_organisation, create_site
from app.visitors.models import Visitor
from tests.conftest import own_database
from tests.doors.pages import ORIGIN, Page
from tests.model_server import ModelServer
from tests.rooms.conftest import GUIDE
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer


@pytest.fixture
async def database(cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus) -> AsyncIterator[Database]:
    async with own_database(cluster, f"frontdesk_address_{worker_id}", bus) as database:
        yield database


@pytest.fixture
async def frugal(
    cluster: EmbeddedDatabase, worker_id: str, database: Database, model: ModelServer
) -> AsyncIterator[RunningServer]:
    """A server that lets each address cause one request to the model a day."""
    from app.main import create_app

    settings = Settings(
        port=0, openai_base_url=model.url, openai_model="scripted", budget_address="1 requests/day"
    )
    url = asyncpg_url(cluster.app_url).set(database=f"frontdesk_address_{worker_id}")
    async with RunningServer.of(create_app(settings, url)) as running:
        yield running


async def _answer_to(server: RunningServer, database: Database, org_id: UUID, key: str, address: str) -> str:
    """What a new visitor who comes from `address` is told."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with server.client(headers={"Origin": ORIGIN}, transport=transport) as client:
        started = (await client.post("/v1/sessions", json={"site": key})).json()
        client.headers["Authorization"] = f"Bearer {started['token']}"
        page = Page(client, key, org_id, database)
        conversation = (await page.start())["id"]
        await page.write(conversation, "How do I turn the sound off?")
        said = (await page.answered(conversation))["messages"]
        return str(next(one["text"] for one in said if one["author"]["kind"] == "bot"))


async def test_visitors_of_one_address_share_its_budget(
    frugal: RunningServer, database: Database, model: ModelServer
) -> None:
    model.say("In the options [1].")
    async with database.transaction(None) as session:
        org_id = (await create_organisation(session, slug="northwind", name="Northwind")).id
        key = (await create_site(session, name="Northwind help", origins=[ORIGIN])).key
    await index_document(database, org_id, "guide.md", GUIDE)
    here, there = "127.0.0.1", "127.0.0.2"
    said = [await _answer_to(frugal, database, org_id, key, each) for each in (here, here, there)]
    assert said[0] == said[2] == "In the options [1]."
    assert said[1].startswith(phrase("spent", "en"))
    async with database.transaction(org_id) as session:
        kept = (await session.scalars(select(Visitor.address).order_by(Visitor.id))).all()
    assert kept[0] == kept[1] != kept[2]
    assert not {here, there, None} & set(kept)
