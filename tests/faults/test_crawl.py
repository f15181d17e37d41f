"""Imports and crawls that are killed half-way: what was done is not done again, and the rest is done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.knowledge.documents import add_document
from app.knowledge.models import UNDER_WAY, Chunk, DocumentVersion
from app.knowledge.queries import latest_version, list_documents
from app.knowledge.source_queries import ListedPage, pages_of, source_of
from app.knowledge.sources import Wish, add_source
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.tenancy.organisations import create_organisation
from tests.browser.product import FRONTDESK
from tests.conftest import clone_database
from tests.ingest import made
from tests.website import Website, website

PAGES = 8
FILES = 6
BROKEN = 2


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        site.page("/", "Start", *(f"/{at}" for at in range(PAGES)))
        for at in range(PAGES):
            site.page(f"/{at}", f"Number {at}")
        yield site


@dataclass(frozen=True)
class Crawled:
    """An organisation with a site and some files, of which none is read yet, in a database of its own."""

    database: Database
    url: URL
    org_id: UUID
    source_id: UUID

    async def worker(self, site: Website) -> asyncio.subprocess.Process:
        environment = {
            "DATABASE_URL": self.url.render_as_string(hide_password=False),
            "FRONTDESK_PRIVATE_HOSTS": site.host,
            "FRONTDESK_CRAWL_DELAY": "0.3",
            "FRONTDESK_JOB_LEASE": "2",
        }
        return await asyncio.create_subprocess_exec(
            str(FRONTDESK), "worker", env=environment, stdout=asyncio.subprocess.DEVNULL
        )

    async def pages(self) -> Sequence[ListedPage]:
        async with self.database.transaction(self.org_id) as session:
            return await pages_of(session, self.source_id)

    async def all_read(self) -> bool:
        async with self.database.transaction(self.org_id) as session:
            states = sorted(listed.version.state for listed in await list_documents(session))
            progress = await source_of(session, self.source_id)
        ready = all(listed.version and listed.version.state == "ready" for listed in await self.pages())
        finished = progress is not None and progress.source.state == "idle"
        return finished and ready and states == ["failed", *["ready"] * (FILES - 1)]


@pytest.fixture
async def crawled(cluster: EmbeddedDatabase, worker_id: str, site: Website) -> AsyncIterator[Crawled]:
    name = f"frontdesk_killed_{worker_id}"
    await clone_database(cluster, name)
    url = asyncpg_url(cluster.app_url).set(database=name)
    database = Database(url, reactions=REACTIONS, info={"bus": LocalBus()})
    async with database.transaction(None) as session:
        org_id = (await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")).id
    async with database.transaction(org_id) as session:
        source_id = (await add_source(session, Wish("site", site.url), by=None)).id
        for at in range(FILES):
            name, content = (f"{at}.md", f"# File {at}\n\nIt says {at}.".encode())
            if at == BROKEN:
                name, content = f"{at}.pdf", b"%PDF-1.4 broken"
            await add_document(session, name=name, content=content, added_by=None)
    yield Crawled(database, url, org_id, source_id)
    await database.close()


async def test_a_killed_worker_is_followed_by_one_that_goes_on(crawled: Crawled, site: Website) -> None:
    async def half_way() -> bool:
        return len(site.visits) > PAGES // 2

    first = await crawled.worker(site)
    await _until(half_way, 120)
    first.kill()
    await first.wait()
    second = await crawled.worker(site)
    await _until(crawled.all_read, 180)
    second.terminate()
    await second.wait()
    assert len(await crawled.pages()) == PAGES + 1
    asked = [path for path in site.asked() if path != "/robots.txt"]
    assert len(asked) <= PAGES + 2  # the page that was under way is asked for again


async def test_a_file_that_a_killed_worker_was_reading_is_read_by_the_next(
    crawled: Crawled, site: Website
) -> None:
    long = [["Page", *(f"Line {line} of a long document." for line in range(25))]] * 300
    async with crawled.database.transaction(crawled.org_id) as session:
        document = await add_document(session, name="long.pdf", content=made.pdf(long), added_by=None)

    async def version() -> DocumentVersion:
        async with crawled.database.transaction(crawled.org_id) as session:
            return await latest_version(session, document.id)

    async def being_read() -> bool:
        return (await version()).state in UNDER_WAY[1:]

    async def done() -> bool:
        return (await version()).state not in UNDER_WAY

    first = await crawled.worker(site)
    await _until(being_read, 120)
    first.kill()
    await first.wait()
    assert await being_read(), "it was killed too late"
    second = await crawled.worker(site)
    await _until(done, 120)
    second.terminate()
    await second.wait()
    assert ((read := await version()).state, read.number, read.chunks) == ("ready", 1, 300)
    async with crawled.database.transaction(crawled.org_id) as session:
        counting = select(func.count()).select_from(Chunk).where(Chunk.document_id == document.id)
        assert await session.scalar(counting.where(Chunk.org_id == crawled.org_id)) == 300


async def _until(check: Callable[[], Awaitable[bool]], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.1)
