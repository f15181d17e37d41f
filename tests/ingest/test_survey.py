"""What a page is before it is kept: where it leads, and whether it is a page at all."""

import pytest

from ingest.parse import survey, survey_sitemap
from ingest.parsed import ParseFailure

TEXT = "<p>Parcels may be returned within thirty days of their delivery, and the refund follows. </p>" * 20
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def page(body: str, title: str = "Returns", head: str = "") -> bytes:
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()
    )


WALLS = {
    "challenge": page(
        "<p>Enable JavaScript and cookies to continue</p><script src='/cdn-cgi/challenge-platform/x.js'></script>",
        "Just a moment...",
    ),
    "scripted": page(
        "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div>"
        "<script src='/main.js'></script>"
    ),
    "soft_404": page("<h1>Oops</h1><p>Try the search.</p>", "Page not found"),
    "login": page("<form><input name='u'><input type='password'></form>", "Sign in - Wiki"),
    "consent": page("<p>We use cookies. Accept all cookies to go on.</p>", "Welcome"),
    "empty": page("<div> </div>"),
}


@pytest.mark.parametrize("problem", WALLS)
async def test_walls_and_apologies_are_told_from_pages(problem: str) -> None:
    assert (await survey(WALLS[problem], url="https://x.example/")).problem == problem


@pytest.mark.parametrize(
    "body",
    [
        "<main><h1>Opening hours</h1><p>We are open from nine to six.</p></main>",
        f"<main><h1>404 not found: what the error means</h1>{TEXT}</main>",
        f"<main>{TEXT}</main><div class='cookie-banner'>Accept all cookies, agree to our privacy rules.</div>",
        (
            f"<main>{TEXT}</main><form><input type='password'></form><script src='x'></script><noscript>Please enable "
            "JavaScript</noscript>"
        ),
        "<main><p>Short, with a script.</p></main><script src='x'></script>",
    ],
)
async def test_pages_that_say_something_are_pages(body: str) -> None:
    assert (await survey(page(body), url="https://x.example/")).problem is None


async def test_links_lead_where_the_page_says() -> None:
    head = "<base href='/shop/'><link rel='canonical' href='returns'>"
    links = (
        "<a href='b#part'>B</a><a href='b'>B</a><a href='//y.example/c'>C</a><a href='mailto:a@b'>M</a>"
        "<a href='d' rel='nofollow'>D</a><a href='http://[bad/'>E</a><a href='#top'>F</a>"
    )
    seen = await survey(page(TEXT + links, head=head), url="https://x.example/old/page")
    assert seen.canonical == "https://x.example/shop/returns"
    assert seen.links == ["https://x.example/shop/b", "https://y.example/c"]
    assert seen.title == "Returns"


@pytest.mark.parametrize(
    ("said", "noindex", "links"), [("noindex", True, 1), ("NoIndex, nofollow", True, 0), ("none", True, 0)]
)
async def test_what_a_page_forbids_is_heard(said: str, links: int, *, noindex: bool) -> None:
    seen = await survey(
        page(f"{TEXT}<a href='b'>B</a>", head=f"<meta name='ROBOTS' content='{said}'>"),
        url="https://x.example/",
    )
    assert (seen.noindex, len(seen.links)) == (noindex, links)


async def test_pages_that_read_the_same_have_one_hash() -> None:
    first = await survey(
        page(f"<nav>Home</nav><main>{TEXT}</main><script>token=1</script>"), url="https://x.example/a"
    )
    second = await survey(page(f"<main>{TEXT} </main><script>token=2</script>"), url="https://x.example/b")
    other = await survey(page(f"<main>{TEXT}More.</main>"), url="https://x.example/c")
    assert first.text_hash == second.text_hash != other.text_hash


async def test_sitemaps_of_every_form_are_read() -> None:
    entries = "<url><loc> https://x.example/a </loc><lastmod>2026-01-01</lastmod></url><url><loc></loc></url>"
    pages = await survey_sitemap(f"<?xml version='1.0'?><urlset {NAMESPACE}>{entries}</urlset>".encode())
    assert [(it.url, it.changed) for it in pages.pages] == [("https://x.example/a", "2026-01-01")]
    nested = "<sitemap><loc>https://x.example/b.xml</loc></sitemap>"
    index = await survey_sitemap(f"<sitemapindex {NAMESPACE}>{nested}</sitemapindex>".encode())
    assert [it.url for it in index.sitemaps] == ["https://x.example/b.xml"]
    text = await survey_sitemap(b"https://x.example/a\nhttps://x.example/b\n")
    assert len(text.pages) == 2


@pytest.mark.parametrize("data", [b"<html><body>Hello</body></html>", b"Hello", b"<", WALLS["soft_404"]])
async def test_what_is_no_sitemap_is_told(data: bytes) -> None:
    with pytest.raises(ParseFailure):
        await survey_sitemap(data)


async def test_entities_that_grow_and_files_of_ours_stay_out_of_sitemaps() -> None:
    bomb = "<!DOCTYPE u [<!ENTITY a 'xxxxxxxxxx'>" + "".join(
        f"<!ENTITY {chr(98 + at)} '{f'&{chr(97 + at)};' * 10}'>" for at in range(9)
    )
    entry = "<url><loc>https://x.example/&j;&f;</loc></url>"
    data = f"{bomb}<!ENTITY f SYSTEM 'file:///etc/passwd'>]><urlset {NAMESPACE}>{entry}</urlset>".encode()
    try:
        found = await survey_sitemap(data)
    except ParseFailure:
        return
    assert all(len(it.url) < 100 and "root" not in it.url for it in found.pages)
