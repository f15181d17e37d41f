"""SIGTERM while requests are under way: what is acknowledged is stored, uploads that are still arriving included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.engine import URL

from app.kit.db import asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from tests.browser.product import Product
from tests.conftest import clone_database
from tests.faults.processes import Visitor, admin_of, site_of

BOUNDARY = "a-boundary"
WRITERS = 4
CHUNKS = 20


@pytest.fixture
async def urls(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, URL]:
    name = f"frontdesk_stopping_{worker_id}"
    await clone_database(cluster, name)
    return asyncpg_url(cluster.owner_url).set(database=name), asyncpg_url(cluster.app_url).set(database=name)


async def test_nothing_acknowledged_is_lost_when_a_server_is_told_to_stop(urls: tuple[URL, URL]) -> None:
    product = Product(*urls, settings={"FRONTDESK_WORKER": "false"})
    await product.start()
    try:
        site = await site_of(product)
        visitors = [await Visitor.at(product.url, site) for _ in range(WRITERS)]
        arriving = asyncio.Event()
        upload = asyncio.create_task(_upload(product, arriving))
        await asyncio.wait(
            {upload, asyncio.create_task(arriving.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        assert not upload.done(), upload.result()
        writing = [asyncio.create_task(_write_until_refused(product, visitor)) for visitor in visitors]
        await asyncio.sleep(0.3)
        await product.stop()
        acknowledged = await asyncio.gather(*writing)
        uploaded = await upload
        await product.start()
        for visitor, posted in zip(visitors, acknowledged, strict=True):
            stored = {message["id"] for message in (await visitor.snapshot(product.url))["messages"]}
            assert posted
            assert set(posted) <= stored
        assert uploaded == httpx.codes.CREATED
        async with admin_of(product) as admin:
            assert "arriving.md" in (await admin.get("/console/knowledge")).text
    finally:
        with suppress(ProcessLookupError):
            await product.kill()


async def _upload(product: Product, arriving: asyncio.Event) -> int:
    """A file that takes two seconds to arrive, whatever happens meanwhile; returns the status."""
    head = 'Content-Disposition: form-data; name="files"; filename="arriving.md"'
    parts = [
        f"--{BOUNDARY}\r\n{head}\r\nContent-Type: text/markdown\r\n\r\n".encode(),
        *(f"# Part {number}\n\nWhat there is to know about it.\n\n".encode() for number in range(CHUNKS)),
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    ]

    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part
            arriving.set()
            await asyncio.sleep(0.1)

    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(sum(map(len, parts))),
    }
    async with admin_of(product) as admin:
        answer = await admin.post("/console/knowledge/documents", content=body(), headers=headers)
        return answer.status_code


async def _write_until_refused(product: Product, visitor: Visitor) -> list[str]:
    """The ids of the messages that were acknowledged before the server was gone."""
    posted: list[str] = []
    path = f"/v1/conversations/{visitor.conversation}/messages"
    async with visitor.client(product.url) as client:
        while True:
            try:
                answer = await client.post(path, json={"client_id": str(uuid4()), "text": "Hello"})
            except httpx.TransportError:
                return posted
            if answer.status_code == httpx.codes.CREATED:
                posted.append(answer.json()["id"])
            else:
                assert answer.status_code in {429, 503}, answer.text
                await asyncio.sleep(0.1)
