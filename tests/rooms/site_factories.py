"""Sources, fetched and indexed the way a worker does it."""

from collections.abc import Sequence
from uuid import UUID

from app.kit.db import Database
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.indexing import index_version
from app.knowledge.pages import Fetcher
from app.knowledge.queries import waiting_versions
from app.knowledge.search import Query, search
from app.knowledge.source_models import SourcePage
from app.knowledge.source_queries import pages_of
from app.knowledge.sources import Every, Kind, Wish, add_source, refresh
from tests.website import Website

LIMIT = 200_000


def fetcher(site: Website, *, seconds: float = 5) -> Fetcher:
    return Fetcher(limit=LIMIT, private_hosts=(site.host,), seconds=seconds)


async def add(
    database: Database,
    org_id: UUID,
    kind: Kind,
    address: str,
    *,
    every: Every = "never",
    depth: int = 3,
    page_limit: int = 50,
) -> UUID:
    async with database.transaction(org_id) as session:
        return (await add_source(session, Wish(kind, address, every, depth, page_limit), by=None)).id


async def fetch(
    database: Database,
    org_id: UUID,
    source_id: UUID,
    site: Website,
    *,
    delay_s: float = 0.001,
    seconds: float = 5,
) -> None:
    """All of the run that is under way, and the index after it."""
    await crawl(Crawler(database, org_id, source_id, fetcher(site, seconds=seconds), delay_s))
    await index_waiting(database, org_id)


async def fetch_again(database: Database, org_id: UUID, source_id: UUID, site: Website) -> None:
    async with database.transaction(org_id) as session:
        await refresh(session, source_id)
    await fetch(database, org_id, source_id, site)


async def index_waiting(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        waiting = await waiting_versions(session)
    for version_id in waiting:
        await index_version(database, org_id, version_id)


async def standing(database: Database, org_id: UUID, source_id: UUID, site: Website) -> dict[str, str]:
    """Of each page by its path: its state, and the reason where there is one."""
    found = {}
    for page in await stood(database, org_id, source_id):
        path = page.url.removeprefix(site.url)
        found[path] = f"{page.state}: {page.reason}" if page.reason else page.state
    return found


async def stood(database: Database, org_id: UUID, source_id: UUID) -> Sequence[SourcePage]:
    async with database.transaction(org_id) as session:
        return [listed.page for listed in await pages_of(session, source_id)]


async def answers(database: Database, org_id: UUID, question: str) -> list[str]:
    """The paths of the pages that are found, best first."""
    async with database.transaction(org_id) as session:
        return [str(passage.url) for passage in await search(session, Query(question))]
