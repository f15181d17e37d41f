"""Sites: what is fetched, what is kept, what is refused with its reason, and how it stays up to date."""

import gzip
import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.pages import Fetcher
from app.knowledge.source_queries import source_of
from app.knowledge.sources import (
    SourceKnown,
    SourceRefused,
    SourceUnknown,
    Wish,
    add_source,
    delete_source,
    pause,
    resume,
)
from tests.rooms.site_factories import LIMIT, add, answers, fetch, fetch_again, standing, stood
from tests.website import Said, Website, website


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


async def test_a_page_is_fetched_alone(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/returns", "Returns", "/other")
    source = await add(database, org_id, "page", f"{site.url}/returns#top")
    await fetch(database, org_id, source, site)
    assert site.asked() == ["/robots.txt", "/returns"]
    assert await standing(database, org_id, source, site) == {"/returns": "stored"}
    assert await answers(database, org_id, "What about returns?") == [f"{site.url}/returns"]
    assert "Frontdesk/0.1" in site.visits[1].headers["User-Agent"]


async def test_who_allows_a_site_of_this_machine_allows_it_to_every_worker_and_no_other_site(
    database: Database, org_id: UUID, site: Website
) -> None:
    """A server's worker, which knew nothing of it, refused what `frontdesk ingest --allow-private` had begun."""
    site.page("/returns", "Returns")
    async with website() as inside, database.transaction(org_id) as session:
        site.pages["/moved"] = Said(status=302, headers={"Location": f"{inside.url}/secret"})
        wishes = [Wish("page", f"{site.url}{path}") for path in ("/returns", "/moved")]
        sources = [(await add_source(session, wish, by=None, private=True)).id for wish in wishes]
        sources.append((await add_source(session, Wish("page", f"{site.url}/"), by=None)).id)
        await session.commit()
        for source in sources:
            await crawl(Crawler(database, org_id, source, Fetcher(LIMIT), 0.001))
        assert inside.visits == []
    found = [await standing(database, org_id, source, site) for source in sources]
    assert found == [{"/returns": "stored"}, {"/moved": "refused: private"}, {"/": "refused: private"}]


async def test_a_site_is_crawled_within_its_prefix_and_limits(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page(
        "/docs/",
        "Start",
        "a",
        "b?utm_source=mail",
        "../blog",
        "http://other.example/x",
        "/docs/pic.png",
        "a#part",
    )
    site.page("/docs/a", "Parcels", "deep/1")
    site.page("/docs/b", "Invoices")
    site.page("/docs/deep/1", "Customs", "2")
    site.page("/docs/deep/2", "Too deep")
    source = await add(database, org_id, "site", f"{site.url}/docs/", depth=2)
    await fetch(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == dict.fromkeys(
        ("/docs/", "/docs/a", "/docs/b", "/docs/deep/1"), "stored"
    )
    assert (await answers(database, org_id, "customs"))[0] == f"{site.url}/docs/deep/1"


async def test_a_limit_of_pages_holds_and_is_told(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/", "Start", *(f"/{at}" for at in range(20)))
    for at in range(20):
        site.page(f"/{at}", f"Number {at}")
    source = await add(database, org_id, "site", site.url, page_limit=5)
    await fetch(database, org_id, source, site)
    async with database.transaction(org_id) as session:
        progress = await source_of(session, source)
    assert progress is not None
    assert (progress.stored, progress.source.capped, progress.source.state) == (5, True, "idle")


async def test_robots_txt_is_obeyed(database: Database, org_id: UUID, site: Website) -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: Frontdesk\nDisallow: /private\nAllow: /private/open$\n"
    site.pages["/robots.txt"] = Said(rules.encode())
    site.page("/", "Start", "/private/a", "/private/open", "/b")
    site.page("/private/open", "Open")
    site.page("/b", "Parcels")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    found = await standing(database, org_id, source, site)
    assert found == {
        "/": "stored",
        "/private/a": "refused: robots",
        "/private/open": "stored",
        "/b": "stored",
    }
    assert "/private/a" not in site.asked()


async def test_without_robots_txt_being_readable_nothing_is_fetched_and_nothing_lost(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/", "Start")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    site.pages["/robots.txt"] = Said(status=500)
    before = len(site.asked())
    await fetch_again(database, org_id, source, site)
    assert site.asked()[before:] == ["/robots.txt"]
    assert await standing(database, org_id, source, site) == {"/": "failed: robots_away"}
    assert await answers(database, org_id, "start") == [f"{site.url}/"]


async def test_a_sitemap_is_read_with_its_index_gz_and_strays(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.sitemap("/one.xml", "/a", "http://other.example/x", "ftp://x/y")
    site.sitemap("/two.xml", "/b")
    site.pages["/two.xml.gz"] = Said(gzip.compress(site.pages.pop("/two.xml").body))
    maps = (f"{site.url}/one.xml", f"{site.url}/two.xml.gz", "http://other.example/s.xml")
    entries = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in maps)
    site.pages["/sitemap.xml"] = Said(f"<sitemapindex xmlns='x'>{entries}</sitemapindex>".encode())
    site.page("/a", "Parcels", "/not-listed")
    site.page("/b", "Invoices")
    source = await add(database, org_id, "sitemap", f"{site.url}/sitemap.xml")
    await fetch(database, org_id, source, site)
    found = await standing(database, org_id, source, site)
    assert {path: state for path, state in found.items() if "xml" not in path} == {
        "/a": "stored",
        "/b": "stored",
        "http://other.example/x": "refused: elsewhere",
        "ftp://x/y": "refused: address",
    }
    assert found["http://other.example/s.xml"] == "refused: elsewhere"


async def test_what_is_no_sitemap_says_what_to_give(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/", "Start")
    source = await add(database, org_id, "sitemap", site.url)
    await fetch(database, org_id, source, site)
    [page] = await stood(database, org_id, source)
    assert (page.reason, "often /sitemap.xml" in str(page.message)) == ("no_sitemap", True)


async def test_walls_are_reported_and_not_stored(database: Database, org_id: UUID, site: Website) -> None:
    kind = {"Content-Type": "text/html"}
    walls = {
        "/challenge": b"<title>Just a moment...</title><p>Enable JavaScript</p><script></script>",
        "/login": b"<title>Sign in</title><form><input type=password></form>",
        "/scripted": b"<title>App</title><div id=root></div><script src=x></script>",
        "/consent": b"<title>Hello</title><p>We use cookies. Accept all cookies to go on.</p>",
        "/soft": b"<title>Page not found</title><p>Sorry</p>",
    }
    site.page("/", "Start", *walls, "/noindex", "/tagged", "/picture", "/forbidden", "/cloudflare")
    for path, body in walls.items():
        site.pages[path] = Said(body, headers=kind)
    site.page("/noindex", "Hidden", head="<meta name=robots content=noindex>")
    site.page("/tagged", "Tagged", **{"X-Robots-Tag": "noindex"})
    site.pages["/picture"] = Said(b"\x89PNG", headers={"Content-Type": "image/png"})
    site.pages["/forbidden"] = Said(status=403)
    site.pages["/cloudflare"] = Said(status=403, headers={"cf-mitigated": "challenge"})
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    assert await standing(database, org_id, source, site) == {
        "/": "stored",
        "/challenge": "failed: challenge",
        "/login": "failed: login",
        "/scripted": "failed: scripted",
        "/consent": "failed: consent",
        "/soft": "refused: soft_404",
        "/noindex": "refused: noindex",
        "/tagged": "refused: noindex",
        "/picture": "refused: type",
        "/forbidden": "failed: forbidden",
        "/cloudflare": "failed: challenge",
    }
    assert all(page.message for page in await stood(database, org_id, source) if page.state != "stored")


async def test_pages_have_one_address(database: Database, org_id: UUID, site: Website) -> None:
    site.page("/", "Start", "/moved", "/print", "/copy", "/away", "/out")
    site.pages["/moved"] = Said(status=301, headers={"Location": "/new"})
    site.pages["/away"] = Said(status=302, headers={"Location": "http://localhost:1/secret"})
    site.page("/new", "Parcels")
    site.page("/print", "Invoices, to print", head="<link rel=canonical href='/invoices'>")
    site.page("/invoices", "Invoices")
    site.page("/copy", "Parcels")
    site.pages["/out"] = Said(status=302, headers={"Location": "/out"})
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    found = await standing(database, org_id, source, site)
    assert sorted(path for path, state in found.items() if state == "stored") in (
        ["/", "/copy", "/invoices"], ["/", "/invoices", "/new"],
    )  # fmt: skip
    assert found["/moved"] == "refused: moved"
    assert found["/print"] == "refused: canonical"
    assert found["/away"] == "refused: private"
    assert found["/out"] == "refused: redirect_loop"
    assert "same: same" in {found["/copy"], found["/new"]}


async def test_hostile_servers_cost_one_page_each(database: Database, org_id: UUID, site: Website) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    site.page("/", "Start", "/large", "/bomb", "/drip", "/odd", "/b")
    site.pages["/large"] = Said(b"x", headers={"Content-Length": "200000000", "Content-Type": "text/html"})
    site.pages["/bomb"] = Said(bomb, headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})
    site.pages["/drip"] = Said(b"x" * 1000, drips=0.2)
    site.pages["/odd"] = Said(b"x", headers={"Content-Encoding": "br", "Content-Type": "text/html"})
    site.page("/b", "Invoices")
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site, seconds=1.5)
    assert await standing(database, org_id, source, site) == {
        "/": "stored", "/large": "refused: too_large", "/bomb": "refused: too_large", "/drip": "failed: timeout",
        "/odd": "refused: encoding", "/b": "stored",
    }  # fmt: skip
    told = [page.message or "" for page in await stood(database, org_id, source) if page.state != "stored"]
    assert all(re.search(r"\. [A-Z].*\.$", message) for message in told), "what it is, and what to do"


async def test_a_sitemap_that_is_damaged_or_away_says_what_to_do(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.pages["/damaged.xml.gz"] = Said(gzip.compress(b"<urlset/>" * 99)[:-12])
    site.pages["/cut"] = Said(b"", headers={"Content-Length": "99"})
    for path in ("/damaged.xml.gz", "/cut"):
        source = await add(database, org_id, "sitemap", f"{site.url}{path}")
        await fetch(database, org_id, source, site)
        [page] = await stood(database, org_id, source)
        assert re.search(r"\. [A-Z].*\.$", page.message or ""), page.message


async def test_sources_say_what_is_wrong_with_them(
    database: Database, org_id: UUID, other_org_id: UUID, site: Website
) -> None:
    source = await add(database, org_id, "site", site.url)
    async with database.transaction(org_id) as session:
        with pytest.raises(SourceKnown):
            await add_source(session, Wish("site", f"{site.url}/#x"), by=None)
        for wish in (Wish("site", site.url, depth=11), Wish("site", site.url, page_limit=0)):
            with pytest.raises(SourceRefused):
                await add_source(session, wish, by=None)
    async with database.transaction(other_org_id) as session:
        assert await source_of(session, source) is None
        for verb in (pause, resume, delete_source):
            with pytest.raises(SourceUnknown):
                await verb(session, source)
