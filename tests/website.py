"""A website on a real port, whose pages tests write and whose visits they can look at."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

FILLING = "There is more to be read here, and every sentence of it is about {}. " * 12


@dataclass
class Said:
    """What the site answers. `drips`: seconds before each of its bytes. `until`: what tells where the body ends; a
    body in chunks that are `cut` has no last one.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drips: float = 0
    until: Literal["length", "close", "chunks", "cut"] = "length"


@dataclass(frozen=True)
class Visit:
    path: str
    headers: Mapping[str, str]
    at: float


@dataclass
class Website:
    """`pages` may be changed at any time; what is not there is a 404."""

    port: int = 0
    pages: dict[str, Said] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def asked(self) -> list[str]:
        return [visit.path for visit in self.visits]

    def page(self, path: str, about: str, *links: str, head: str = "", **headers: str) -> None:
        self.pages[path] = Said(
            html(about, *links, head=head), headers={"Content-Type": "text/html", **headers}
        )

    def sitemap(self, path: str, *entries: str | tuple[str, str]) -> None:
        pairs = [(entry, "") if isinstance(entry, str) else entry for entry in entries]
        urls = "".join(
            f"<url><loc>{self._whole(loc)}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</url>"
            for loc, at in pairs
        )
        body = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        self.pages[path] = Said(body.encode(), headers={"Content-Type": "application/xml"})

    def _whole(self, location: str) -> str:
        return location if "://" in location else self.url + location

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
            self.visits.append(Visit(path, headers, asyncio.get_running_loop().time()))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self._send(writer, self._said(path, headers))
            finally:
                self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _said(self, path: str, headers: Mapping[str, str]) -> Said:
        said = self.pages.get(path, Said(b"nothing", 404))
        for has, asked in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
            if has in said.headers and asked in headers:  # the first alone decides where both are asked
                same = said.headers[has] == headers[asked]
                return Said(status=304, headers=said.headers) if same else said
        return said

    async def _send(self, writer: asyncio.StreamWriter, said: Said) -> None:
        lines = [f"HTTP/1.1 {said.status} Said", *_framed(said), "Connection: close"]
        lines += [f"{name}: {value}" for name, value in said.headers.items() if name != "Content-Length"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        for at in range(len(said.body)) if said.drips else ():
            writer.write(said.body[at : at + 1])
            await writer.drain()
            await asyncio.sleep(said.drips)
        if not said.drips:
            writer.write(said.body if said.until in {"length", "close"} else _chunked(said))
        await writer.drain()


def _framed(said: Said) -> list[str]:
    if said.until == "length":
        return [f"Content-Length: {said.headers.get('Content-Length', len(said.body))}"]
    return [] if said.until == "close" else ["Transfer-Encoding: chunked"]


def _chunked(said: Said) -> bytes:
    chunk = b"%x\r\n%s\r\n" % (len(said.body), said.body)
    return chunk if said.until == "cut" else chunk + b"0\r\n\r\n"


@asynccontextmanager
async def website() -> AsyncIterator[Website]:
    site = Website()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


def html(about: str, *links: str, head: str = "") -> bytes:
    """A page with a text about something, whose menu and text lead on."""
    led = "".join(f"<p>See <a href='{link}'>there</a>.</p>" for link in links)
    return (
        f"<!doctype html><html lang='en'><head><title>{about}</title>{head}</head><body>"
        f"<nav><a href='/'>Home</a></nav><main><h1>{about}</h1>"
        f"<p>{FILLING.replace('{}', about)}</p>{led}</main></body></html>"
    ).encode()
