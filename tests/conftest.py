"""Real parts: the embedded PostgreSQL, one database for each worker cloned from a migrated template.

Each test gets an organisation of its own, which row-level security keeps apart from all others.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import URL

from app.config import Settings
from app.kit.db import Database, asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase, release, start
from app.kit.ids import new_id
from app.kit.migrate import migrate
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.tenancy.organisations import create_organisation
from tests.model_server import ModelServer
from tests.serving import RunningServer

TEMPLATE = "frontdesk_template"


@pytest.fixture(scope="session")
def cluster(testrun_uid: str) -> Iterator[EmbeddedDatabase]:
    """One PostgreSQL server for all workers of a run, stopped by the last that leaves."""
    folder = Path(tempfile.gettempdir()) / f"frontdesk-tests-{os.getuid()}-{testrun_uid[:8]}"
    server = start(folder)
    asyncio.run(_make_template(server))
    yield server
    release(server)
    if not (folder / "cluster" / "postmaster.pid").exists():
        shutil.rmtree(folder, ignore_errors=True)


async def _make_template(server: EmbeddedDatabase) -> None:
    """Migrates a database once a run; workers that come later find it made."""
    admin = await asyncpg.connect(**libpq_arguments(asyncpg_url(server.admin_url)))
    try:
        await admin.execute("SELECT pg_advisory_lock(1)")
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            return
        making = f"{TEMPLATE}_making"
        await admin.execute(f"CREATE DATABASE {making} OWNER frontdesk_owner")
        inside = await asyncpg.connect(**libpq_arguments(asyncpg_url(server.admin_url).set(database=making)))
        await inside.execute("CREATE EXTENSION vector")
        await inside.close()
        await migrate(asyncpg_url(server.owner_url).set(database=making))
        await admin.execute(f"ALTER DATABASE {making} RENAME TO {TEMPLATE}")
    finally:
        await admin.close()


@pytest.fixture(scope="session")
def database_urls(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, URL]:
    """A fresh database of this worker: (owner's URL, application's URL)."""
    name = f"frontdesk_{worker_id}"
    asyncio.run(clone_database(cluster, name))
    return asyncpg_url(cluster.owner_url).set(database=name), asyncpg_url(cluster.app_url).set(database=name)


async def clone_database(server: EmbeddedDatabase, name: str) -> None:
    """A database called `name`, migrated and empty."""
    admin = await asyncpg.connect(**libpq_arguments(asyncpg_url(server.admin_url)))
    try:
        await admin.execute("SELECT pg_advisory_lock(1)")
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER frontdesk_owner")
    finally:
        await admin.close()


@asynccontextmanager
async def own_database(cluster: EmbeddedDatabase, name: str, bus: LocalBus) -> AsyncIterator[Database]:
    """One that no server of another test works on, as the application sees it."""
    await clone_database(cluster, name)
    url = asyncpg_url(cluster.app_url).set(database=name)
    database = Database(url, reactions=REACTIONS, info={"bus": bus})
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture(scope="session")
async def database(database_urls: tuple[URL, URL], bus: LocalBus) -> AsyncIterator[Database]:
    database = Database(database_urls[1], reactions=REACTIONS, info={"bus": bus})
    yield database
    await database.close()


@pytest.fixture
async def org_id(database: Database) -> UUID:
    """A new organisation."""
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")
        return organisation.id


@pytest.fixture
async def other_org_id(database: Database) -> UUID:
    """Somebody else's organisation."""
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug=f"org-{new_id().hex}", name="Contoso")
        return organisation.id


@pytest.fixture(scope="session")
async def server(database_urls: tuple[URL, URL]) -> AsyncIterator[RunningServer]:
    """The whole application, worker included, on a real port."""
    from app.main import create_app

    app = create_app(Settings(port=0), database_urls[1])
    async with RunningServer.of(app) as running:
        yield running


@pytest.fixture(scope="session")
async def endpoint() -> AsyncIterator[ModelServer]:
    async with ModelServer().running() as running:
        yield running


@pytest.fixture
def model(endpoint: ModelServer) -> ModelServer:
    endpoint.reset()
    return endpoint
