"""Websites that are fetched by themselves, by a worker as it runs in a server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.answering.turn import Context
from app.config import Settings
from app.kit.db import Database
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.kit.worker import Worker
from app.knowledge import sources
from app.main import beside
from app.realtime.bus import LocalBus
from app.realtime.drafts import Drafts
from app.tenancy.organisations import create_organisation
from app.worker import all_jobs
from tests.conftest import own_database
from tests.rooms.site_factories import add
from tests.website import Website, website


@pytest.fixture
async def database(cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus) -> AsyncIterator[Database]:
    """Without the jobs that other tests have left."""
    async with own_database(cluster, f"frontdesk_schedule_{worker_id}", bus) as database:
        yield database


@pytest.fixture
async def org_id(database: Database) -> UUID:
    async with database.transaction(None) as session:
        return (await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")).id


async def test_a_site_with_a_schedule_is_fetched_again_and_again_and_one_without_is_not(
    database: Database, org_id: UUID, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sources.PERIODS, "hour", timedelta(seconds=1))
    async with website() as site:
        site.page("/hourly", "Parcels")
        site.page("/by-hand", "Invoices")
        await add(database, org_id, "page", f"{site.url}/by-hand")
        await add(database, org_id, "page", f"{site.url}/hourly", every="hour")
        settings = Settings(private_hosts=site.host, crawl_delay_s=0.01)
        worker = Worker(database, all_jobs(), Context(settings, database, Drafts(bus)), lease_s=5)
        async with beside(worker.run()):
            try:
                await _visited(site, "/hourly", times=3)
                await _visited(site, "/by-hand", times=1)
            finally:
                await worker.stop(grace_s=5)
    assert site.asked().count("/by-hand") == 1


async def _visited(site: Website, path: str, *, times: int) -> None:
    async with asyncio.timeout(30):
        while site.asked().count(path) < times:
            await asyncio.sleep(0.05)
