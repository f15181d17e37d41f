"""The whole product with a model endpoint that does as it is told, and visitors at its door."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.engine import URL

from app.answering import breaker
from app.config import Settings
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.main import create_app
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.tenancy.organisations import create_site
from tests.conftest import clone_database
from tests.model_server import ModelServer
from tests.rooms.conftest import GUIDE, SHOP
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer

DEADLINE_S = 4.0


@dataclass
class Caller:
    """A visitor with one conversation."""

    client: httpx.AsyncClient
    conversation: str
    org_id: UUID
    site: str

    @property
    def url(self) -> str:
        return f"/v1/conversations/{self.conversation}"

    async def write(self, text: str) -> dict[str, Any]:
        body = {"client_id": str(uuid4()), "text": text}
        posted = await self.client.post(f"{self.url}/messages", json=body)
        assert posted.status_code == 201, posted.text
        return dict(posted.json())

    async def snapshot(self) -> dict[str, Any]:
        return dict((await self.client.get(self.url)).json())

    async def said(self) -> list[dict[str, Any]]:
        """What the assistant has said, as the visitor sees it."""
        messages = (await self.snapshot())["messages"]
        return [each for each in messages if each["author"]["kind"] == "bot" and each["text"]]

    async def answered(self, times: int = 1, *, within_s: float = 30) -> dict[str, Any]:
        """The snapshot, once the assistant has said so much and says no more."""
        async with asyncio.timeout(within_s):
            while True:
                view = await self.snapshot()
                bots = [each for each in view["messages"] if each["author"]["kind"] == "bot"]
                said = [each for each in bots if each["text"] and each["state"] != "streaming"]
                if len(said) >= times and all(each["state"] != "streaming" for each in bots):
                    return view
                await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
async def own_urls(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, URL]:
    """A database that no other server works on."""
    name = f"frontdesk_answering_{worker_id}"
    await clone_database(cluster, name)
    return asyncpg_url(cluster.owner_url).set(database=name), asyncpg_url(cluster.app_url).set(database=name)


@pytest.fixture(scope="session")
async def database(own_urls: tuple[URL, URL]) -> AsyncIterator[Database]:
    database = Database(own_urls[1], reactions=REACTIONS, info={"bus": LocalBus()})
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def server(own_urls: tuple[URL, URL], endpoint: ModelServer) -> AsyncIterator[RunningServer]:
    settings = Settings(
        port=0, openai_base_url=endpoint.url, openai_model="scripted", answer_deadline_s=DEADLINE_S
    )
    with pytest.MonkeyPatch.context() as patched:
        # One test after another makes the endpoint fail: it is not to rest in the next one.
        patched.setattr(breaker, "FAILURES", 1_000_000)
        async with RunningServer.of(create_app(settings, own_urls[1])) as running:
            yield running


@pytest.fixture
async def knowing(database: Database, org_id: UUID) -> UUID:
    """An organisation that has published two pages."""
    for name, content in (("guide.md", GUIDE), ("shop.md", SHOP)):
        await index_document(database, org_id, name, content)
    return org_id


async def call(server: RunningServer, database: Database, org_id: UUID) -> Caller:
    """Somebody comes to a new site of this organisation."""
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[])
    server.runtime.limits._seen.clear()
    client = server.client()
    token = (await client.post("/v1/sessions", json={"site": site.key})).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    made = await client.post("/v1/conversations", json={"client_id": str(uuid4())})
    return Caller(client, made.json()["id"], org_id, site.key)


@pytest.fixture
async def caller(server: RunningServer, database: Database, knowing: UUID) -> AsyncIterator[Caller]:
    caller = await call(server, database, knowing)
    yield caller
    await caller.client.aclose()
