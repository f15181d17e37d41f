"""Sites that lead to other hosts: what is another site, and what is the same under another name."""

import asyncio
import socket
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge.crawl import Crawler, crawl
from app.knowledge.pages import Fetcher
from app.knowledge.sources import Kind
from tests.rooms.site_factories import LIMIT, add, standing
from tests.website import Said, Website, website

HOSTS = ("shop.test", "www.shop.test", "other.test")


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Website]:
    """One that answers under each of these names."""

    async def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        assert host in {*HOSTS, "127.0.0.1"}
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with website() as site:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
        yield site


def at(site: Website, path: str, host: str = "shop.test") -> str:
    return f"http://{host}:{site.port}{path}"


def redirect(site: Website, path: str, to: str) -> None:
    site.pages[path] = Said(status=301, headers={"Location": to})


async def found(
    database: Database, org_id: UUID, site: Website, address: str, *, kind: Kind = "site"
) -> dict[str, str]:
    """What became of each page of a new source, by its path, and its host where that is another."""
    source = await add(database, org_id, kind, address)
    await crawl(Crawler(database, org_id, source, Fetcher(LIMIT, private_hosts=HOSTS), 0.001))
    standings = await standing(database, org_id, source, site)
    return {
        url.removeprefix(at(site, "")).removeprefix("http://").replace(f":{site.port}", ""): state
        for url, state in standings.items()
    }


async def test_a_sitemap_that_redirects_to_another_host_is_not_read_as_that_hosts(
    database: Database, org_id: UUID, site: Website
) -> None:
    """All that it lists was imported: a whole site that nobody had asked for."""
    redirect(site, "/sitemap.xml", at(site, "/theirs.xml", "other.test"))
    site.sitemap("/theirs.xml", at(site, "/a", "other.test"), at(site, "/b"))
    site.page("/a", "Parcels")
    site.page("/b", "Invoices")
    assert await found(database, org_id, site, at(site, "/sitemap.xml"), kind="sitemap") == {
        "/sitemap.xml": "refused: elsewhere"
    }


async def test_a_sitemap_in_an_index_does_not_lead_to_another_host_either(
    database: Database, org_id: UUID, site: Website
) -> None:
    index = f"<sitemapindex xmlns='x'><sitemap><loc>{at(site, '/one.xml')}</loc></sitemap></sitemapindex>"
    site.pages["/sitemap.xml"] = Said(index.encode())
    redirect(site, "/one.xml", at(site, "/theirs.xml", "other.test"))
    site.sitemap("/theirs.xml", at(site, "/a", "other.test"))
    site.page("/a", "Parcels")
    assert await found(database, org_id, site, at(site, "/sitemap.xml"), kind="sitemap") == {
        "/sitemap.xml": "stored",
        "/one.xml": "refused: elsewhere",
    }


async def test_a_sitemap_is_the_same_with_www_and_without(
    database: Database, org_id: UUID, site: Website
) -> None:
    redirect(site, "/sitemap.xml", at(site, "/real.xml", "www.shop.test"))
    site.sitemap("/real.xml", at(site, "/a", "www.shop.test"), at(site, "/b"), at(site, "/c", "other.test"))
    site.page("/a", "Parcels")
    redirect(site, "/b", at(site, "/new", "www.shop.test"))
    site.page("/new", "Invoices")
    assert await found(database, org_id, site, at(site, "/sitemap.xml"), kind="sitemap") == {
        "/sitemap.xml": "stored",
        "www.shop.test/a": "stored",
        "/b": "refused: moved",
        "www.shop.test/new": "stored",
        "other.test/c": "refused: elsewhere",
    }


async def test_pages_that_redirect_to_another_host_or_out_of_the_prefix_say_so(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/help/", "Start", "away", "out", "moved")
    redirect(site, "/help/away", at(site, "/help/theirs", "other.test"))
    redirect(site, "/help/out", "/blog")
    redirect(site, "/help/moved", "/help/new")
    for path, about in (("/help/theirs", "Parcels"), ("/blog", "News"), ("/help/new", "Invoices")):
        site.page(path, about)
    assert await found(database, org_id, site, at(site, "/help/")) == {
        "/help/": "stored",
        "/help/away": "refused: elsewhere",
        "/help/out": "refused: outside",
        "/help/moved": "refused: moved",
        "/help/new": "stored",
    }


async def test_a_site_that_begins_with_www_is_read_there_and_one_of_another_host_is_not(
    database: Database, org_id: UUID, site: Website
) -> None:
    redirect(site, "/", at(site, "/start/", "www.shop.test"))
    site.page("/start/", "Start", "a", at(site, "/start/b"))
    site.page("/start/a", "Parcels")
    assert await found(database, org_id, site, at(site, "/")) == {
        "/": "stored",
        "www.shop.test/start/a": "stored",
    }
    redirect(site, "/theirs", at(site, "/start/", "other.test"))
    assert await found(database, org_id, site, at(site, "/theirs")) == {"/theirs": "refused: elsewhere"}


async def test_an_original_on_another_host_is_no_reason_to_leave_a_page_out(
    database: Database, org_id: UUID, site: Website
) -> None:
    theirs = at(site, "/theirs", "other.test")
    site.page("/", "Start", "/copy")
    site.page("/copy", "Parcels", head=f"<link rel=canonical href='{theirs}'>")
    site.page("/theirs", "Invoices")
    assert await found(database, org_id, site, at(site, "/")) == {"/": "stored", "/copy": "stored"}
    assert "/theirs" not in site.asked()


async def test_a_sitemap_that_robots_txt_names_is_not_followed_to_another_host_either(
    database: Database, org_id: UUID, site: Website
) -> None:
    """What it lists of this site came from somebody else, who would say what is read here."""
    site.pages["/robots.txt"] = Said(f"Sitemap: {at(site, '/sitemap.xml')}\n".encode())
    site.page("/", "Start")
    redirect(site, "/sitemap.xml", at(site, "/theirs.xml", "other.test"))
    site.sitemap("/theirs.xml", at(site, "/a"), at(site, "/b", "other.test"))
    site.page("/a", "Parcels")
    assert await found(database, org_id, site, at(site, "/")) == {
        "/": "stored",
        "/sitemap.xml": "refused: elsewhere",
    }
