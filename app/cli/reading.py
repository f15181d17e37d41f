"""What `frontdesk ingest` does with addresses: each becomes a source, as one that is added in the console."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.config import Settings
from app.kit.db import Database
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.embedders import Models
from app.knowledge.indexing import index_version
from app.knowledge.models import UNDER_WAY
from app.knowledge.pages import Fetcher
from app.knowledge.queries import waiting_versions
from app.knowledge.source_queries import ListedPage, Progress, pages_of, source_of
from app.knowledge.sources import Kind, SourceKnown, Wish, add_source, find_source, refresh

# Between two looks at a crawl that is under way.
LOOK_S = 0.3
# A worker that takes longer with a page was killed with it, and another takes over when its lease has run out.
PATIENCE_S = 120

Watcher = Callable[[int, int], None]


@dataclass(frozen=True)
class Reading:
    """How addresses are read: as one page each, as sitemaps or as sites. `private` as in `add_source`."""

    database: Database
    org_id: UUID
    settings: Settings
    models: Models
    kind: Kind = "page"
    private: bool = False


async def read_address(reading: Reading, address: str, watch: Watcher) -> list[dict[str, Any]]:
    """Fetches and indexes a source now, as a new one or once more; a row for each of its pages.

    `watch` is told how many pages are done, of how many. Raises Problem.
    """
    source_id = await _source(reading, address)
    work = asyncio.create_task(_fetch(reading, source_id))
    while not work.done():
        await asyncio.wait([work], timeout=LOOK_S)
        progress = await _progress(reading, source_id)
        if progress is not None:
            watch(progress.queued - progress.waiting, progress.queued)
    await work
    await _index(reading)
    pages = await _settled(reading, source_id)
    return [_row(listed) for listed in pages if listed.page.role == "page" or listed.page.state != "stored"]


async def _source(reading: Reading, address: str) -> UUID:
    async with reading.database.transaction(reading.org_id) as session:
        wish = Wish(reading.kind, address)
        try:
            return (await add_source(session, wish, by=None, private=reading.private)).id
        except SourceKnown:
            known = await find_source(session, wish.checked())
            assert known is not None
            await refresh(session, known, private=reading.private)
            return known


async def _fetch(reading: Reading, source_id: UUID) -> None:
    """A server's worker may have begun with it: whoever takes it over last goes on."""
    while True:
        fetcher, delay = Fetcher.of(reading.settings), reading.settings.crawl_delay_s
        await crawl(Crawler(reading.database, reading.org_id, source_id, fetcher, delay))
        progress = await _progress(reading, source_id)
        if progress is None or progress.source.state != "running":
            return
        await asyncio.sleep(1)


async def _progress(reading: Reading, source_id: UUID) -> Progress | None:
    async with reading.database.transaction(reading.org_id) as session:
        return await source_of(session, source_id)


async def _index(reading: Reading) -> None:
    async with reading.database.transaction(reading.org_id) as session:
        waiting = await waiting_versions(session)
    for version_id in waiting:
        await index_version(reading.database, reading.org_id, version_id, reading.models)


async def _settled(reading: Reading, source_id: UUID) -> Sequence[ListedPage]:
    """The pages, once a server's worker has ended with those that it began with."""
    for _ in range(round(PATIENCE_S / LOOK_S)):
        async with reading.database.transaction(reading.org_id) as session:
            pages = await pages_of(session, source_id)
        if not any(listed.version and listed.version.state in UNDER_WAY for listed in pages):
            break
        await asyncio.sleep(LOOK_S)
    return pages


def _row(listed: ListedPage) -> dict[str, Any]:
    page, version = listed.page, listed.version
    stored = page.state == "stored" and version is not None
    return {
        "file": page.url,
        "state": version.state if version and stored else page.state,
        "failure": version.failure_message if version and stored else page.message,
        "chunks": version.chunks if version and stored else None,
    }
