"""How fast a host is asked: never faster than it likes, however many sources of an organisation lie there."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from uuid import UUID

import pytest

from app.kit.db import Database
from tests.rooms.site_factories import add, fetch, standing
from tests.website import Said, Website, website

PACE_S = 0.3
# A busy machine notes a visit late.
LATE_S = 0.12
PATHS = ("/a", "/b", "/c")


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


async def test_a_crawl_delay_and_the_own_one_are_kept(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.pages["/robots.txt"] = Said(b"User-agent: *\nCrawl-delay: 0.8\n")
    site.page("/", "Start", "/a")
    site.page("/a", "Parcels")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site, delay_s=0.4)
    times = [visit.at for visit in site.visits]
    assert times[2] - times[0] >= 1.0, (
        "a busy machine may note a visit late, but not by as much as either pause"
    )


async def test_sources_of_one_host_share_its_turns(database: Database, org_id: UUID, site: Website) -> None:
    """Each by itself would keep the pace, and all together would ask three times as fast."""
    for path in PATHS:
        site.page(path, f"Number {path}")
    sources = [await add(database, org_id, "page", f"{site.url}{path}") for path in PATHS]
    await asyncio.gather(*(fetch(database, org_id, source, site, delay_s=PACE_S) for source in sources))
    for source, path in zip(sources, PATHS, strict=True):
        assert await standing(database, org_id, source, site) == {path: "stored"}
    asked = [visit.at for visit in site.visits]
    assert len(asked) == 2 * len(PATHS), "each job asks for robots.txt and its page"
    assert min(later - earlier for earlier, later in pairwise(asked)) >= PACE_S - LATE_S, asked
    assert site.most_at_once == 1


async def test_hosts_do_not_wait_for_each_other(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/a", "Parcels")
    async with website() as other, asyncio.timeout(20):
        other.page("/a", "Invoices")
        sources = [(await add(database, org_id, "page", f"{it.url}/a"), it) for it in (site, other)]
        await asyncio.gather(*(fetch(database, org_id, source, it, delay_s=1.5) for source, it in sources))
        times = [[visit.at for visit in it.visits] for it in (site, other)]
    assert abs(times[0][1] - times[1][1]) < 1.5 / 2, times
