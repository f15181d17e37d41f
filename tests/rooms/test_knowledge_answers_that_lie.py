"""What a site's server says of its pages, and is not so: a page is had whole and as it is meant, or not at all."""

import gzip
import zlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from tests.rooms.site_factories import add, answers, fetch, fetch_again, standing, stood
from tests.website import Said, Website, html, website

WHOLE = html("Returns")
PACKED = gzip.compress(WHOLE)
# The length in a gzip file's end, which nobody but the end itself can contradict.
CUT = PACKED[:-4]
HTML = {"Content-Type": "text/html"}
GZIP = {**HTML, "Content-Encoding": "gzip"}
DEFLATE = {**HTML, "Content-Encoding": "deflate"}


def raw(body: bytes) -> bytes:
    """Deflate without its envelope, as some servers have always sent it."""
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return pack.compress(body) + pack.flush()


@pytest.fixture
async def site() -> AsyncIterator[Website]:
    async with website() as site:
        yield site


async def became(database: Database, org_id: UUID, site: Website, said: Said) -> str:
    site.pages["/page"] = said
    source = await add(database, org_id, "page", f"{site.url}/page")
    await fetch(database, org_id, source, site)
    return (await standing(database, org_id, source, site))["/page"]


@pytest.mark.parametrize(
    "said",
    [
        Said(CUT, headers=GZIP),
        Said(CUT, headers=GZIP, until="close"),
        Said(CUT, headers=GZIP, until="chunks"),
        Said(CUT, headers=GZIP, until="cut"),
        Said(zlib.compress(WHOLE)[:-2], headers=DEFLATE, until="close"),
        Said(raw(WHOLE)[:-9], headers=DEFLATE, until="chunks"),
        Said(WHOLE[:-200], headers=HTML, until="cut"),
        Said(WHOLE, headers={**HTML, "Content-Length": "99999"}),
    ],
    ids=["length", "close", "chunks", "cut chunks", "zlib", "deflate", "plain chunks", "too long a length"],
)
async def test_what_was_cut_off_is_not_taken_for_the_whole(
    database: Database, org_id: UUID, site: Website, said: Said
) -> None:
    assert await became(database, org_id, site, said) == "failed: cut_off"
    assert await answers(database, org_id, "What about returns?") == []


async def test_a_page_that_is_cut_off_at_a_refresh_goes_on_answering_as_it_was(
    database: Database, org_id: UUID, site: Website
) -> None:
    site.page("/page", "Returns")
    source = await add(database, org_id, "page", f"{site.url}/page")
    await fetch(database, org_id, source, site)
    site.pages["/page"] = Said(gzip.compress(html("Opening hours"))[:-4], headers=GZIP, until="close")
    await fetch_again(database, org_id, source, site)
    [page] = await stood(database, org_id, source)
    assert (page.state, page.reason) == ("failed", "cut_off")
    assert "cut off" in (page.message or "")
    assert await answers(database, org_id, "What about returns?") == [f"{site.url}/page"]


async def test_the_second_half_of_a_page_that_was_packed_in_two_is_read(
    database: Database, org_id: UUID, site: Website
) -> None:
    half = len(WHOLE) // 2
    packed = gzip.compress(WHOLE[:half]) + gzip.compress(
        WHOLE[half:].replace(b"</main>", b"<p>Zebra.</p></main>")
    )
    assert await became(database, org_id, site, Said(packed, headers=GZIP, until="close")) == "stored"
    assert await answers(database, org_id, "Zebra") == [f"{site.url}/page"]


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        (Said(raw(WHOLE), headers=DEFLATE), "stored"),
        (Said(zlib.compress(WHOLE), headers=DEFLATE), "stored"),
        (Said(PACKED + b"\0\0\0", headers=GZIP), "stored"),
        (Said(PACKED, headers=HTML), "refused: encoding"),
        (Said(b"", headers=GZIP), "refused: unreadable"),
        (Said(WHOLE, headers=GZIP), "failed: encoding"),
        (Said(PACKED[:40] + b"damage" + PACKED[46:], headers=GZIP), "failed: encoding"),
        (Said(PACKED[:-8] + b"12345678", headers=GZIP), "failed: encoding"),
        (Said(b"\x07 is no deflate" * 9, headers=DEFLATE), "failed: encoding"),
        (Said(WHOLE, headers={**HTML, "Content-Encoding": "br"}), "refused: encoding"),
        (Said(gzip.compress(PACKED), headers=GZIP), "refused: encoding"),
        (Said(gzip.compress(bytes(100_000)) * 9, headers=GZIP), "refused: too_large"),
        (Said(raw(bytes(50_000_000)), headers=DEFLATE), "refused: too_large"),
    ],
)  # fmt: skip
async def test_packing_is_seen_through_or_refused_by_its_name(
    database: Database, org_id: UUID, site: Website, said: Said, standing: str
) -> None:
    assert await became(database, org_id, site, said) == standing


async def test_a_wrong_charset_is_read_as_it_is_meant(
    database: Database, org_id: UUID, site: Website
) -> None:
    body = html("Rücksendungen").decode().encode("cp1252")
    site.pages["/header"] = Said(body, headers={"Content-Type": "text/html; charset=windows-1252"})
    lying = html("Größen").decode().encode()
    site.pages["/lying"] = Said(lying, headers={"Content-Type": "text/html; charset=iso-8859-1"})
    site.pages["/"] = Said(
        html("Start", "/header", "/lying"), headers={"Content-Type": "text/html; charset=nonsense"}
    )
    source = await add(database, org_id, "site", site.url)
    await fetch(database, org_id, source, site)
    titles = {page.title for page in await stood(database, org_id, source)}
    assert titles == {"Start", "Rücksendungen", "Größen"}
