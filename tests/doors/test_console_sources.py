"""Websites in the console: looked at, added, watched, paused, refreshed and deleted."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.config import Settings
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from tests.conftest import clone_database
from tests.doors.console import Member, at_console, visible
from tests.serving import RunningServer
from tests.website import Said, Website, website

HOME = "/console/knowledge/sites"


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        site.page("/help/", "Help centre", "a", "b", "gone")
        site.page("/help/a", "Parcels")
        site.page("/help/b", "Invoices")
        yield site


@pytest.fixture(scope="session")
async def database(cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus) -> AsyncIterator[Database]:
    """A database without another server beside it, whose worker would take the crawls and may read nothing here."""
    name = f"frontdesk_sources_{worker_id}"
    await clone_database(cluster, name)
    url = asyncpg_url(cluster.app_url).set(database=name)
    database = Database(url, reactions=REACTIONS, info={"bus": bus})
    yield database
    await database.close()


@pytest.fixture
async def reading(database: Database, site: Website) -> AsyncIterator[RunningServer]:
    """A server that may read the site, which is of this machine."""
    from app.main import create_app

    settings = Settings(port=0, private_hosts=f"other.intern, {site.host}", crawl_delay_s=0.01)
    async with RunningServer.of(create_app(settings, database.url)) as running:
        yield running


@pytest.fixture
async def admin(reading: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(reading, database, org_id, role="admin", name="Ada Admin") as member:
        yield member


async def until(member: Member, path: str, said: str) -> str:
    async with asyncio.timeout(60):
        while said not in (page := await member.page(path)):
            await asyncio.sleep(0.1)
    return page


async def added(member: Member, site: Website, **fields: str) -> str:
    """The source's page."""
    answer = await member.press(
        HOME, **{"address": f"{site.url}/help/", "kind": "site", "every": "day", **fields}
    )
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.headers["hx-push-url"])


async def test_a_site_is_looked_at_added_and_read(admin: Member, site: Website) -> None:
    assert "No website is read yet" in await admin.page(HOME)
    looked = await admin.press(f"{HOME}/check", kind="site", address=f"{site.url}/help/")
    said = visible(looked.text)
    assert "What would be fetched Help centre" in said
    assert "3 pages linked from here" in said
    assert f"{site.url}/help/a" in said
    assert site.asked() == ["/robots.txt", "/help/"]
    again = await admin.page(looked.headers["hx-push-url"])
    assert "What would be fetched" in again
    source = await added(admin, site)
    page = await until(admin, source, "3 pages known")
    assert "Gone" in page
    assert "is not there (status 404)" in page
    assert "next" in page
    await until(admin, source, "Ready Parcels")
    problems = await admin.page(f"{source}?show=problems")
    assert "Parcels" not in problems
    assert "status 404" in problems


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "http://127.0.0.1:1/"}, "this machine or its network"),
        ({"address": "http://user:secret@example.org/"}, "holds a user name or password"),
        ({"address": "ftp://example.org/"}, "has to begin with http"),
        ({"address": "http://nowhere.invalid/"}, "no host nowhere.invalid"),
    ],
)
async def test_looking_at_what_cannot_be_fetched_says_why(
    admin: Member, fields: dict[str, str], said: str
) -> None:
    answer = await admin.press(f"{HOME}/check", kind="page", **fields)
    assert said in visible(answer.text), answer.text


async def test_a_sitemap_is_looked_at(admin: Member, site: Website) -> None:
    site.sitemap("/sitemap.xml", "/help/a", "/help/b", "http://other.example/")
    answer = await admin.press(f"{HOME}/check", kind="sitemap", address=f"{site.url}/sitemap.xml")
    said = visible(answer.text)
    assert "2 pages listed" in said
    assert "1 of its entries lead to another site" in said


async def test_a_source_that_gives_nothing_says_why_in_the_list(admin: Member, site: Website) -> None:
    site.pages["/help/"] = Said(
        b"<title>App</title><div id=root></div><script></script>", headers={"Content-Type": "text/html"}
    )
    source = await added(admin, site)
    await until(admin, source, "Nothing stored")
    assert "empty without JavaScript" in await admin.page(HOME)


BAD = {
    "round": "redirects in a circle and never answers. Have the site's redirects corrected.",
    "huge": "is larger than 25 MB and was cut off. Split the page, or upload it as a file.",
    "endless": "is larger than 25 MB and was cut off. Split the page, or upload it as a file.",
    "secret": "The site's robots.txt forbids to read this. Allow Frontdesk there if it should be known here.",
    "machine": "127.0.0.1 is an address of this machine or its network, which is not read.",
    "network": "10.1.2.3 is an address of this machine or its network, which is not read.",
}
ELSEWHERE = "This leads to another site, which is not part of this source. Add it as a source of its own."


@pytest.fixture
def bad(site: Website) -> Website:
    """The site, where each link of the first page leads to something that is not kept."""
    kind = {"Content-Type": "text/html"}
    leads = {"round": "/help/again", "again": "/help/round"}
    leads |= {"machine": "http://127.0.0.1:1/", "network": "http://10.1.2.3/"}
    for path, to in leads.items():
        site.pages[f"/help/{path}"] = Said(status=302, headers={"Location": to})
    site.pages["/help/huge"] = Said(b"x", headers={**kind, "Content-Length": "200000000"})
    site.pages["/help/endless"] = Said(bytes(200_000_000), headers=kind, until="close")
    site.pages["/robots.txt"] = Said(b"User-agent: *\nDisallow: /help/secret\n")
    site.page("/help/", "Help centre", "a", *BAD)
    return site


async def test_each_page_that_is_not_kept_says_why_and_what_to_do(admin: Member, bad: Website) -> None:
    source = await added(admin, bad)
    await until(admin, source, "2 pages known")
    page = await admin.page(f"{source}?show=problems")
    for path, said in BAD.items():
        _, found, rest = page.partition(f"{bad.url}/help/{path} ")
        assert found, page
        assert said in rest[:400], (path, rest[:400])
    assert "/help/secret" not in bad.asked()


@pytest.mark.parametrize("path", BAD)
async def test_looking_at_a_page_that_is_not_kept_says_why_too(
    admin: Member, bad: Website, path: str
) -> None:
    answer = await admin.press(f"{HOME}/check", kind="page", address=f"{bad.url}/help/{path}")
    assert BAD[path] in visible(answer.text)


async def test_a_sitemap_that_points_elsewhere_says_so(admin: Member, site: Website) -> None:
    site.sitemap("/sitemap.xml", "/help/a", "http://other.example/", "http://10.1.2.3/")
    source = await added(admin, site, kind="sitemap", address=f"{site.url}/sitemap.xml")
    await until(admin, source, "1 page known")
    page = await admin.page(f"{source}?show=problems")
    for address in ("http://other.example/", "http://10.1.2.3/"):
        assert f"Left out {address} {ELSEWHERE}" in page


async def test_a_source_at_an_address_of_this_machine_says_so_in_the_list(admin: Member) -> None:
    answer = await admin.press(HOME, kind="page", address="http://127.0.0.1:1/", every="day")
    await until(admin, str(answer.headers["hx-push-url"]), "Nothing stored")
    assert "this machine or its network, which is not read. If its pages are meant for" in await admin.page(
        HOME
    )


async def test_a_source_is_paused_gone_on_with_changed_refreshed_and_deleted(
    admin: Member, site: Website
) -> None:
    site.pages["/robots.txt"] = Said(b"User-agent: *\nCrawl-delay: 2\n")
    source = await added(admin, site, every="never")
    assert "Paused" in visible((await admin.press(f"{source}/pause")).text)
    site.pages["/robots.txt"] = Said(b"")
    await admin.press(f"{source}/resume")
    await until(admin, source, "3 pages known")
    changed = await admin.press(f"{source}/settings", every="hour", depth="1", page_limit="7")
    assert re.search(r'value="hour" selected', changed.text)
    assert 'value="7"' in changed.text
    wrong = await admin.press(f"{source}/settings", every="hour", depth="99", page_limit="7")
    assert (wrong.status_code, "at most 10 deep" in visible(wrong.text)) == (422, True)
    site.page("/help/a", "Returns")
    await admin.press(f"{source}/refresh")
    await until(admin, source, "Ready Returns")
    deleted = await admin.press(f"{source}/delete")
    assert "No website is read yet" in visible(deleted.text)
    await admin.page(source, 404)


async def test_the_same_address_again_is_refused(admin: Member, site: Website) -> None:
    await added(admin, site)
    again = await admin.press(HOME, kind="site", address=f"{site.url}/help/#top")
    assert (again.status_code, "is a source already" in visible(again.text)) == (409, True)


async def test_agents_look_on_and_others_see_nothing(
    reading: RunningServer, database: Database, org_id: UUID, other_org_id: UUID, admin: Member, site: Website
) -> None:
    source = await added(admin, site)
    verbs = ("refresh", "pause", "resume", "delete")
    async with at_console(reading, database, org_id) as agent:
        assert f"{site.url}/help/" in await agent.page(HOME)
        assert "Delete" not in await agent.page(source)
        for path in (HOME, f"{HOME}/check", *(f"{source}/{verb}" for verb in verbs)):
            assert (await agent.press(path, kind="site", address=f"{site.url}/help/")).status_code == 403
    async with at_console(reading, database, other_org_id, role="admin") as stranger:
        assert site.url not in await stranger.page(HOME)
        await stranger.page(source, 404)
        for verb in verbs:
            assert (await stranger.press(f"{source}/{verb}")).status_code == 404
