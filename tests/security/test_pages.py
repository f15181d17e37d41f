"""Fetching a page: what is fetched, and what must not be."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.knowledge.addresses import host_of, tidy
from app.knowledge.pages import Fetcher
from app.knowledge.unavailable import PageUnavailable

LIMIT = 100_000
PAGES: Mapping[str, tuple[int, dict[str, str], bytes]] = {
    "/guide": (200, {}, b"<h1>Guide</h1><p>Park behind the mill.</p>"),
    "/moved": (302, {"Location": "/guide"}, b""),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/far": (302, {"Location": "/far1"}, b""),
    **{f"/far{at}": (302, {"Location": f"/far{at + 1}"}, b"") for at in range(1, 8)},
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
        page = await Fetcher(LIMIT).and_private(host_of(site)).fetch(f"{site}/moved")
    assert (page.name, page.url) == ("guide", f"{site}/guide")
    assert b"behind the mill" in page.content


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/loop", "redirects in a circle"),
        ("/far", "redirects more than 5 times"),
        ("/file", "has to begin with http"),
        ("/large", "larger than"),
        ("/gone", "status 404"),
    ],
)
async def test_what_cannot_be_fetched_says_why(path: str, said: str) -> None:
    async with website() as site:
        with pytest.raises(PageUnavailable, match=said):
            await Fetcher(LIMIT).and_private(host_of(site)).fetch(f"{site}{path}")


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
        await Fetcher(LIMIT).fetch(url)


@pytest.mark.parametrize("url", ["ftp://example.org/x", "javascript:alert(1)", "http://", "example.org"])
async def test_only_web_addresses_are_pages(url: str) -> None:
    with pytest.raises(PageUnavailable, match="has to begin with http"):
        await Fetcher(LIMIT).fetch(url)


async def test_a_host_that_does_not_exist_is_told_plainly() -> None:
    with pytest.raises(PageUnavailable, match="There is no host"):
        await Fetcher(LIMIT).fetch("http://nowhere.invalid/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://user:secret@example.org/", "holds a user name or password"),
        ("http://exa mple.org/", "not the name of a host|no host"),
        ("http://example.org:0/", "has to begin with http"),
        ("http://[::1/", "is not an address"),
        ("http://ex\u2060\ufffdample.org/", "is not the name of a host"),
        ("https://example.org/" + "x" * 2000, "at most 2000 characters"),
    ],
)
async def test_addresses_that_are_none_say_why(url: str, said: str) -> None:
    with pytest.raises(PageUnavailable, match=said):
        await Fetcher(LIMIT).fetch(url)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("HTTP://Bücher.Example:80/Straße?q=ä#top", "http://xn--bcher-kva.example/Stra%C3%9Fe?q=%C3%A4"),
        ("https://example.org:443", "https://example.org/"),
        ("https://example.org./a?utm_source=x&b=1", "https://example.org/a?b=1"),
        ("https://[2001:DB8::1]:8443/a%20b", "https://[2001:db8::1]:8443/a%20b"),
    ],
)
def test_an_address_has_one_form(given: str, meant: str) -> None:
    assert tidy(given) == meant


@pytest.mark.parametrize(
    "found",
    [
        ["8.8.8.8", "127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%eth0"],
        ["224.0.0.1"],
    ],
)
async def test_a_name_that_stands_for_a_place_inside_is_not_read(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    _resolve(monkeypatch, [found])
    with pytest.raises(PageUnavailable, match="not read"):
        await Fetcher(LIMIT).fetch("http://public.example/")


async def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked, and of this machine when it is asked for again."""
    async with website() as site:
        port = site.rpartition(":")[2]
        asked = _resolve(monkeypatch, [["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
        with pytest.raises(PageUnavailable) as refused:
            await Fetcher(limit=LIMIT, seconds=1).fetch(f"http://rebinding.example:{port}/guide")
    assert asked == ["rebinding.example"]
    assert refused.value.reason in {"timeout", "connection"}


async def test_only_the_hosts_that_are_named_may_be_private() -> None:
    async with website() as site:
        host = site.removeprefix("http://")
        page = await Fetcher(limit=LIMIT, private_hosts=(host,)).fetch(f"{site}/guide")
        assert b"behind the mill" in page.content
        with pytest.raises(PageUnavailable, match="not read"):
            await Fetcher(limit=LIMIT, private_hosts=("127.0.0.1:1",)).fetch(f"{site}/guide")
        with pytest.raises(PageUnavailable, match="not read"):
            await Fetcher(limit=LIMIT, private_hosts=(host,)).fetch(f"{site}/inside")


async def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    made = await asyncio.create_subprocess_exec(
        *making, "-keyout", str(key), "-out", str(certificate), stderr=asyncio.subprocess.DEVNULL
    )
    assert await made.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PageUnavailable, match="cannot be trusted") as refused:
            await Fetcher(LIMIT, private_hosts=("127.0.0.1",)).fetch(f"https://127.0.0.1:{port}/")
    assert refused.value.reason == "certificate"


def _resolve(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """A resolver that answers once with each, as an attacker's may; what it was asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = answers[len(asked)]
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    return asked
