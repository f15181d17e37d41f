"""Fetching a page: what is fetched, and what must not be."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from app.knowledge.pages import PageUnavailable, fetch_page

LIMIT = 100_000
PAGES: Mapping[str, tuple[int, dict[str, str], bytes]] = {
    "/guide": (200, {}, b"<h1>Guide</h1><p>Park behind the mill.</p>"),
    "/moved": (302, {"Location": "/guide"}, b""),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/inside": (302, {"Location": "http://localhost:1/secret"}, b""),
    "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/large": (200, {}, b"x" * (LIMIT + 1)),
    "/gone": (404, {}, b"nothing"),
}


@asynccontextmanager
async def website() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        status, headers, body = PAGES[path]
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_page_is_fetched_where_its_redirect_leads() -> None:
    async with website() as site:
        page = await fetch_page(f"{site}/moved", limit=LIMIT, allow_private=True)
    assert (page.name, page.url) == ("guide", f"{site}/guide")
    assert b"behind the mill" in page.content


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/loop", "redirects more than 5 times"),
        ("/file", "has to begin with http"),
        ("/large", "larger than"),
        ("/gone", "status 404"),
        ("/inside", "cannot be fetched"),
    ],
)
async def test_what_cannot_be_fetched_says_why(path: str, said: str) -> None:
    async with website() as site:
        with pytest.raises(PageUnavailable, match=said):
            await fetch_page(f"{site}{path}", limit=LIMIT, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://[::1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0.0.0.0/",
    ],
)
async def test_nothing_of_this_machine_or_its_network_is_read(url: str) -> None:
    with pytest.raises(PageUnavailable, match="not read"):
        await fetch_page(url, limit=LIMIT)


@pytest.mark.parametrize("url", ["ftp://example.org/x", "javascript:alert(1)", "http://", "example.org"])
async def test_only_web_addresses_are_pages(url: str) -> None:
    with pytest.raises(PageUnavailable, match="has to begin with http"):
        await fetch_page(url, limit=LIMIT)


async def test_a_host_that_does_not_exist_is_told_plainly() -> None:
    with pytest.raises(PageUnavailable, match="There is no host"):
        await fetch_page("http://nowhere.invalid/", limit=LIMIT)
