"""Several processes of the product on one database, as an operator runs them, and a visitor who talks to them."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy.engine import URL

from tests.browser.product import FRONTDESK, ROOT, Product


@dataclass
class Frame:
    kind: str
    data: dict[str, Any]


@dataclass
class Stream:
    """What one open stream has said so far. `deltas` put together are the answer's text as it was seen growing."""

    frames: list[Frame] = field(default_factory=list)
    ended: bool = False

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == kind]

    def grown(self) -> str:
        text = ""
        for frame in self.of("answer.delta"):
            assert frame.data["offset"] <= len(text), "a piece is missing"
            text = text[: frame.data["offset"]] + frame.data["text"]
        return text

    async def until(self, kind: str, holds: Any = None, *, within_s: float = 15) -> Frame:
        async with asyncio.timeout(within_s):
            while True:
                for frame in self.of(kind):
                    if holds is None or holds(frame.data):
                        return frame
                await asyncio.sleep(0.02)


@dataclass
class Visitor:
    """Somebody with one session and one conversation, who may knock at any server."""

    token: str
    conversation: str

    @classmethod
    async def at(cls, url: str, site: str) -> "Visitor":
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            token = (await client.post("/v1/sessions", json={"site": site})).json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
            made = await client.post("/v1/conversations", json={"client_id": str(uuid4())}, headers=headers)
            return cls(token, made.json()["id"])

    def client(self, url: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=url, timeout=20, headers=headers)

    async def write(self, url: str, text: str) -> dict[str, Any]:
        async with self.client(url) as client:
            body = {"client_id": str(uuid4()), "text": text}
            answer = await client.post(f"/v1/conversations/{self.conversation}/messages", json=body)
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

    async def snapshot(self, url: str) -> dict[str, Any]:
        async with self.client(url) as client:
            return dict((await client.get(f"/v1/conversations/{self.conversation}")).json())

    @asynccontextmanager
    async def streaming(self, url: str) -> AsyncIterator[Stream]:
        stream = Stream()
        listening = asyncio.create_task(self._listen(url, stream))
        try:
            await stream.until("ready")
            yield stream
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, url: str, stream: Stream) -> None:
        path = f"/v1/conversations/{self.conversation}/events"
        async with (
            self.client(url) as client,
            client.stream("GET", path, headers={"Accept": "text/event-stream"}) as live,
        ):
            kind = ""
            async for line in live.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    stream.frames.append(Frame(kind, json.loads(line.removeprefix("data: "))))
        stream.ended = True


async def site_of(product: Product) -> str:
    """The key of the demo's site."""
    async with httpx.AsyncClient(base_url=product.url, timeout=30) as client:
        found = re.search(r'data-site="([^"]+)"', (await client.get("/demo")).text)
    assert found
    return found[1]


@asynccontextmanager
async def admin_of(product: Product) -> AsyncIterator[httpx.AsyncClient]:
    """The demo's admin, signed in to the console."""
    headers = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
    async with httpx.AsyncClient(base_url=product.url, headers=headers, timeout=30) as client:
        email, password = product.sign_ins["admin"]
        answer = await client.post("/console/sign-in", data={"email": email, "password": password})
        assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text
        yield client


@asynccontextmanager
async def serving(owner: URL, app: URL, settings: dict[str, str]) -> AsyncIterator[Product]:
    """`frontdesk serve` with these settings."""
    product = Product(owner, app, settings=settings)
    await product.start()
    try:
        yield product
    finally:
        if product._process is not None and product._process.returncode is None:
            await product.kill()


@asynccontextmanager
async def working(product: Product) -> AsyncIterator[asyncio.subprocess.Process]:
    """`frontdesk worker` beside a server, with its settings."""
    environment = {**product._environment(), "FRONTDESK_WORKER": "true"}
    process = await asyncio.create_subprocess_exec(
        str(FRONTDESK), "worker", env=environment, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert b"Working" in await process.stdout.readline()
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def resident_bytes(process_id: int) -> int:
    """The memory that a process holds."""
    with open(f"/proc/{process_id}/statm", encoding="ascii") as file:  # noqa: PTH123 (the kernel's, no path of ours)
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
