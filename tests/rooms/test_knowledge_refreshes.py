"""Sites over time: what a refresh takes, what leaves, and crawls that are stopped, killed, paused and deleted."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge import crawl as crawling
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.documents import delete_document
from app.knowledge.source_queries import pages_of, source_of
from app.knowledge.sources import (
    SourceUnknown,
    delete_source,
    pause,
    refresh_due,
    resume,
)
from tests.rooms.knowledge_factories import counts
from tests.rooms.site_factories import add, answers, fetch, fetch_again, fetcher, standing, stood
from tests.website import Said, Website, website


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


async def versions(database: Database, org_id: UUID, source_id: UUID) -> list[int]:
    """Which version each page's document is at."""
    async with database.transaction(org_id) as session:
        return [listed.version.number for listed in await pages_of(session, source_id) if listed.version]


async def test_a_busy_site_is_left_alone_for_as_long_as_it_asks(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start", "/a")
    site.pages["/a"] = Said(status=429, headers={"Retry-After": "1"})
    source = await add(database, org_id, "site", site.url)
    work = asyncio.create_task(fetch(database, org_id, source, site))
    async with asyncio.timeout(20):
        while "/a" not in site.asked():
            await asyncio.sleep(0.02)
    site.page("/a", "Parcels")
    await work
    first, second = (visit.at for visit in site.visits if visit.path == "/a")
    assert second - first >= 0.9
    assert await standing(database, org_id, source, site) == {"/": "stored", "/a": "stored"}


async def test_what_a_sitemap_says_has_not_changed_is_not_fetched(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.sitemap("/sitemap.xml", ("/a", "2026-01-01"), ("/b", "2026-01-01"))
    site.page("/a", "Parcels")
    site.page("/b", "Invoices")
    source = await add(database, org_id, "sitemap", f"{site.url}/sitemap.xml")
    await fetch(database, org_id, source, site)
    site.sitemap("/sitemap.xml", ("/a", "2026-01-01"), ("/b", "2026-02-02"))
    site.page("/b", "Refunds")
    site.visits.clear()
    await fetch_again(database, org_id, source, site)
    assert site.asked() == ["/robots.txt", "/sitemap.xml", "/b"]
    assert (await answers(database, org_id, "refunds"))[0] == f"{site.url}/b"


async def test_a_refresh_takes_only_what_has_changed(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/", "Start", "/a", "/b", "/c")
    site.page("/a", "Parcels", ETag='"1"')
    site.page("/b", "Invoices")
    site.page("/c", "Customs")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.page("/b", "Refunds")
    del site.pages["/c"]
    site.page("/", "Start", "/a", "/b")
    site.visits.clear()
    await fetch_again(database, org_id, source, site)
    asked = {visit.path: visit.headers for visit in site.visits}
    assert asked["/a"]["If-None-Match"] == '"1"'
    assert await standing(database, org_id, source, site) == {
        "/": "stored", "/a": "stored", "/b": "stored", "/c": "gone: gone"
    }  # fmt: skip
    assert (await answers(database, org_id, "refunds"))[0] == f"{site.url}/b"
    assert f"{site.url}/c" not in await answers(database, org_id, "customs")
    async with database.transaction(org_id) as session:
        await counts(session)


async def test_a_page_that_says_only_when_it_changed_is_asked_for_since_then(
    database: Database, org_id: UUID, site: Website
) -> None:
    then = "Thu, 01 Jan 2026 10:00:00 GMT"
    site.page("/", "Start", **{"Last-Modified": then})
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.page("/", "What the site says is unchanged", **{"Last-Modified": then})
    await fetch_again(database, org_id, source, site)
    assert site.visits[-1].headers["If-Modified-Since"] == then
    assert await standing(database, org_id, source, site) == {"/": "stored"}
    assert await versions(database, org_id, source) == [1]
    site.page("/", "Refunds", **{"Last-Modified": "Fri, 02 Jan 2026 10:00:00 GMT"})
    await fetch_again(database, org_id, source, site)
    assert await versions(database, org_id, source) == [2]
    assert await answers(database, org_id, "refunds") == [f"{site.url}/"]


async def test_a_page_of_which_only_the_shell_changed_gets_no_new_version(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.page("/", "Start", head="<meta name=generator content='Shell 2'><script>let build = 2</script>")
    await fetch_again(database, org_id, source, site)
    assert await versions(database, org_id, source) == [1]
    site.page("/", "Beginning")
    await fetch_again(database, org_id, source, site)
    assert await versions(database, org_id, source) == [2]


@pytest.mark.parametrize(
    "trouble", [Said(status=500), Said(status=403), Said(b"x", headers={"Content-Length": "9"})]
)
async def test_what_cannot_be_reached_for_now_goes_on_answering(
    database: Database, org_id: UUID, site: Website, trouble: Said
) -> None:
    site.page("/", "Start")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.pages["/"] = trouble
    await fetch_again(database, org_id, source, site)
    assert (await standing(database, org_id, source, site))["/"].startswith("failed")
    assert await answers(database, org_id, "start") == [f"{site.url}/"]
    site.page("/", "Beginning")
    await fetch_again(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == {"/": "stored"}


async def test_a_page_that_is_noindex_now_or_deleted_here_leaves_and_stays_out(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start", "/a", "/b")
    site.page("/a", "Parcels")
    site.page("/b", "Invoices")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.page("/a", "Parcels", head="<meta name=robots content=noindex>")
    async with database.transaction(org_id) as session:
        [b] = [page for page in await stood(database, org_id, source) if page.url.endswith("/b")]
        assert b.document_id is not None
        await delete_document(session, b.document_id)
    await fetch_again(database, org_id, source, site)
    found = await standing(database, org_id, source, site)
    assert (found["/a"], found["/b"]) == ("refused: noindex", "refused: excluded")
    assert set(await answers(database, org_id, "parcels invoices")) == {f"{site.url}/"}


async def test_a_page_that_was_deleted_here_stays_out_whatever_the_site_does_with_it(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start", "/a", "/b", "/c")
    for path, about in (("/a", "Parcels"), ("/b", "Invoices"), ("/c", "Customs")):
        site.page(path, about)
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    async with database.transaction(org_id) as session:
        for page in await stood(database, org_id, source):
            if page.document_id is not None and page.depth == 1:
                await delete_document(session, page.document_id)
    site.pages["/robots.txt"] = Said(b"User-agent: *\nDisallow: /b\n")
    site.pages["/c"] = Said(status=404)
    await fetch_again(database, org_id, source, site)
    site.pages["/robots.txt"] = Said(b"")
    site.page("/c", "Customs")
    await fetch_again(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == {
        "/": "stored",
        **dict.fromkeys(("/a", "/b", "/c"), "refused: excluded"),
    }


async def test_a_crawl_goes_on_where_it_stopped(
    database: Database, org_id: UUID, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.page("/", "Start", *(f"/{at}" for at in range(6)))
    for at in range(6):
        site.page(f"/{at}", f"Number {at}")
    source = await add(database, org_id, "site", site.url)
    work = asyncio.create_task(crawl(Crawler(database, org_id, source, fetcher(site), 0.05)))
    async with asyncio.timeout(30):
        while len(site.asked()) < 5:
            await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await fetch(database, org_id, source, site)
    assert set((await standing(database, org_id, source, site)).values()) == {"stored"}
    fetched = [path for path in site.asked() if path != "/robots.txt"]
    assert len(fetched) <= 8  # seven pages, of which the one that was under way is asked for again


async def test_of_two_jobs_on_a_source_one_goes_on(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/", "Start", *(f"/{at}" for at in range(6)))
    for at in range(6):
        site.page(f"/{at}", f"Number {at}")
    source = await add(database, org_id, "site", site.url)
    jobs = [crawl(Crawler(database, org_id, source, fetcher(site), 0.02)) for _ in range(3)]
    await asyncio.gather(*jobs)
    assert set((await standing(database, org_id, source, site)).values()) == {"stored"}
    assert len([path for path in site.asked() if path != "/robots.txt"]) <= 9


async def test_a_long_crawl_hands_over(
    database: Database, org_id: UUID, site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "SLICE_S", 0.0)
    site.page("/", "Start")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == {"/": "waiting"}
    monkeypatch.setattr(crawling, "SLICE_S", 60.0)
    await fetch(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == {"/": "stored"}


async def test_a_pause_stops_the_fetching_and_going_on_ends_it(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start", "/a")
    site.page("/a", "Parcels")
    source = await add(database, org_id, "site", site.url, every="day")
    async with database.transaction(org_id) as session:
        await pause(session, source)
    await fetch(database, org_id, source, site)
    assert site.asked() == []
    async with database.transaction(org_id) as session:
        await resume(session, source)
    await fetch(database, org_id, source, site)
    async with database.transaction(org_id) as session:
        progress = await source_of(session, source)
        assert progress is not None
        assert (progress.stored, progress.source.state) == (2, "idle")
        assert progress.source.next_at is not None
        await refresh_due(session, source, "2026-01-01T00:00:00+00:00")  # of an earlier plan
        assert progress.source.state == "idle"
        await refresh_due(session, source, progress.source.next_at.isoformat())
        assert progress.source.state == "running"


async def test_a_deleted_source_takes_its_documents_along_at_once(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start", "/a")
    site.page("/a", "Parcels")
    source = await add(database, org_id, "site", site.url)
    await crawl(Crawler(database, org_id, source, fetcher(site), 0.001))
    async with database.transaction(org_id) as session:
        await delete_source(session, source)
    await fetch(database, org_id, source, site)
    assert await answers(database, org_id, "parcels") == []
    async with database.transaction(org_id) as session:
        assert (await counts(session))[0] == 0
        with pytest.raises(SourceUnknown):
            await delete_source(session, source)
