"""Where redirects lead: to nothing that robots.txt forbids there, and no sooner than the host there likes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.pages import Fetcher
from app.knowledge.preview import look
from app.knowledge.sources import Wish
from tests.rooms.site_factories import LIMIT, add, standing, stood
from tests.website import Said, Website, website

# A request that has no turn of its own follows within a hundredth of this.
PACE_S = 0.4
# A busy machine notes a visit late.
LATE_S = 0.15


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


@pytest.fixture
async def other() -> AsyncIterator[Website]:
    """Another host, as its port is another."""
    async with website() as site:
        site.page("/kept-out", "Parcels")
        site.page("/open", "Invoices")
        yield site


def redirect(site: Website, path: str, to: str) -> None:
    site.pages[path] = Said(status=302, headers={"Location": to})


def reader(*sites: Website) -> Fetcher:
    return Fetcher(LIMIT, private_hosts=[site.host for site in sites], seconds=1)


async def fetched(
    database: Database, org_id: UUID, address: str, site: Website, other: Website, *, delay_s: float = 0.001
) -> dict[str, str]:
    """What became of a page that is a source of its own."""
    source = await add(database, org_id, "page", address)
    await crawl(Crawler(database, org_id, source, reader(site, other), delay_s))
    return await standing(database, org_id, source, site)


def gaps(site: Website) -> list[float]:
    times = [visit.at for visit in site.visits]
    return [later - earlier for earlier, later in pairwise(times)]


async def test_what_robots_txt_forbids_is_not_requested_by_way_of_a_redirect(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    for target in (site, other):
        target.pages["/robots.txt"] = Said(b"User-agent: *\nDisallow: /kept-out\n")
        target.page("/kept-out", "Parcels")
    for path, target in (("/near", site), ("/far", other)):
        redirect(site, path, f"{target.url}/kept-out")
        found = await fetched(database, org_id, f"{site.url}{path}", site, other)
        assert found == {path: "refused: robots"}
    assert "/kept-out" not in site.asked()
    assert other.asked() == ["/robots.txt"]


async def test_each_hop_is_asked_about_before_it_is_requested(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    """The forbidden one is on the way to an allowed one."""
    other.pages["/robots.txt"] = Said(b"User-agent: *\nDisallow: /kept-out\n")
    redirect(site, "/short", f"{other.url}/kept-out")
    redirect(other, "/kept-out", f"{other.url}/open")
    assert await fetched(database, org_id, f"{site.url}/short", site, other) == {"/short": "refused: robots"}
    assert other.asked() == ["/robots.txt"]


async def test_nothing_is_requested_of_a_host_whose_robots_txt_is_away(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    other.pages["/robots.txt"] = Said(status=500)
    redirect(site, "/short", f"{other.url}/open")
    found = await fetched(database, org_id, f"{site.url}/short", site, other)
    assert found == {"/short": "failed: robots_away"}
    assert other.asked() == ["/robots.txt"]


async def test_hops_take_their_turns(database: Database, org_id: UUID, site: Website, other: Website) -> None:
    """In all for longer than a page may take to answer: what is waited for is no fault of the site's."""
    redirect(site, "/short", "/b")
    redirect(site, "/b", "/c")
    redirect(site, "/c", f"{other.url}/short")
    redirect(other, "/short", f"{other.url}/open")
    found = await fetched(database, org_id, f"{site.url}/short", site, other, delay_s=PACE_S)
    assert found == {"/short": "stored"}
    assert site.asked() == ["/robots.txt", "/short", "/b", "/c"]
    assert other.asked() == ["/robots.txt", "/short", "/open"]
    assert min(gaps(site) + gaps(other)) >= PACE_S - LATE_S, (gaps(site), gaps(other))


async def test_the_hops_of_robots_txt_take_their_turns_too(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    redirect(site, "/robots.txt", f"{site.url}/rules")
    site.pages["/rules"] = Said(b"User-agent: *\nDisallow: /kept-out\n")
    site.page("/open", "Invoices")
    found = await fetched(database, org_id, f"{site.url}/open", site, other, delay_s=PACE_S)
    assert found == {"/open": "stored"}
    assert min(gaps(site)) >= PACE_S - LATE_S, gaps(site)


async def test_a_crawl_delay_of_where_it_leads_is_kept(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    other.pages["/robots.txt"] = Said(b"User-agent: *\nCrawl-delay: 0.5\n")
    redirect(site, "/short", f"{other.url}/b")
    redirect(other, "/b", f"{other.url}/open")
    assert await fetched(database, org_id, f"{site.url}/short", site, other) == {"/short": "stored"}
    assert gaps(other)[1] >= 0.5 - LATE_S, gaps(other)


async def test_a_busy_host_is_left_alone_by_whatever_leads_there(
    database: Database, org_id: UUID, site: Website, other: Website
) -> None:
    """The page stays in the queue, rather than that a job waits for an hour or asks all the same."""
    other.pages["/open"] = Said(status=429, headers={"Retry-After": "900"})
    async with asyncio.timeout(20), website() as third:
        for begin in (site, third):
            redirect(begin, "/short", f"{other.url}/open")
            found = await fetched(database, org_id, f"{begin.url}/short", begin, other)
            assert (found, begin.asked()) == ({"/short": "waiting"}, ["/robots.txt", "/short"])
    assert other.asked() == ["/robots.txt", "/open"]


@pytest.mark.parametrize(
    ("hops", "reason"),
    [
        (["/b", "/short"], "refused: redirect_loop"),
        (["/b", "/c", "/d", "/e", "/f", "/g"], "refused: redirects"),
        (["/b", "http://localhost:1/secret"], "refused: private"),
        (["/b", "file:///etc/passwd"], "refused: address"),
    ],
)
async def test_what_leads_nowhere_keeps_its_reason(
    database: Database, org_id: UUID, site: Website, other: Website, hops: Sequence[str], reason: str
) -> None:
    for here, there in pairwise(["/short", *hops]):
        redirect(site, here, there)
    source = await add(database, org_id, "page", f"{site.url}/short")
    await crawl(Crawler(database, org_id, source, reader(site, other), 0.001))
    [page] = await stood(database, org_id, source)
    assert (f"{page.state}: {page.reason}", bool(page.message)) == (reason, True)


async def test_looking_at_an_address_obeys_where_it_leads_too(site: Website, other: Website) -> None:
    other.pages["/robots.txt"] = Said(b"User-agent: *\nDisallow: /kept-out\n")
    redirect(site, "/short", f"{other.url}/kept-out")
    redirect(site, "/fine", f"{other.url}/open")
    looked = await look(reader(site, other), Wish("page", f"{site.url}/short"))
    assert "robots.txt forbids" in str(looked.problem)
    assert other.asked() == ["/robots.txt"]
    looked = await look(reader(site, other), Wish("page", f"{site.url}/fine"))
    assert (looked.title, looked.problem) == ("Invoices", None)
