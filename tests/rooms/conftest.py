"""What answering needs: documents that are known, and a model endpoint that can be told what to say."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.answering.turn import Context
from app.config import Settings
from app.kit.db import Database
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.realtime.bus import LocalBus
from app.realtime.drafts import Drafts
from app.tenancy.organisations import create_organisation
from tests.conftest import own_database
from tests.model_server import ModelServer

GUIDE = b"""# Northwind widget

## Sounds

The widget plays a short sound when an agent replies. To turn the sound off, set `data-sound="off"` on the script
tag. See [all options](https://docs.northwind.example/options).

"""
SHOP = b"""# Northwind shop

## Returns

You can return a parasol within 30 days of delivery. The refund arrives five days after we receive it.

## Opening hours

The shop in Lisbon is open from nine to six, Monday to Friday.
"""


@pytest.fixture(scope="session")
async def database(cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus) -> AsyncIterator[Database]:
    """A database without a server beside it, whose worker would do the jobs that a room's test looks at."""
    async with own_database(cluster, f"frontdesk_rooms_{worker_id}", bus) as database:
        yield database


@pytest.fixture
async def drafts(bus: LocalBus) -> Drafts:
    return Drafts(bus)


@pytest.fixture
async def context(database: Database, drafts: Drafts) -> Context:
    """Without a model."""
    return Context(Settings(), database, drafts)


@pytest.fixture
async def with_model(database: Database, drafts: Drafts, model: ModelServer) -> AsyncIterator[Context]:
    settings = Settings(openai_base_url=model.url, openai_model="scripted", answer_deadline_s=30)
    context = Context(settings, database, drafts)
    yield context
    await context.close()


@pytest.fixture(scope="module")
async def knowing(database: Database) -> UUID:
    """An organisation that has published two pages; these tests share it."""
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")
    org_id = organisation.id
    for name, content in (("guide.md", GUIDE), ("shop.md", SHOP)):
        async with database.transaction(org_id) as session:
            document = await add_document(session, name=name, content=content, added_by=None)
            version = await latest_version(session, document.id)
        await index_version(database, org_id, version.id)
    return org_id
