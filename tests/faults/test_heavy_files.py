"""Files that are slow, swollen or deadly to read, at a real server: it answers meanwhile, and the rest is read."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import httpx
import pytest

from app.kit.db import asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from ingest.parsed import MESSAGES
from tests.browser.product import Product
from tests.conftest import clone_database
from tests.doors.console import visible
from tests.faults.processes import admin_of, resident_bytes, serving
from tests.ingest import made
from tests.ingest.children import started_child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

READING, ENDED = "Reading the file…", "Ready|Failed"
# Nothing of the demo's own documents is under way any more.
DEMO_READ = r"^(?!.*(Waiting|Reading|Cutting|Learning|Making).*…)"
MEGABYTE = 1024 * 1024


@dataclass
class Library:
    """The demo's knowledge, and an admin who looks after it. `took`: seconds of each answer since it is watched."""

    product: Product
    admin: httpx.AsyncClient
    took: list[float] = field(default_factory=list)

    @property
    def server(self) -> int:
        assert self.product._process is not None
        return self.product._process.pid

    async def upload(self, **files: bytes) -> dict[str, str]:
        """Name -> the page of each. In a name an underscore stands for the dot."""
        parts = [("files", (name.replace("_", "."), content)) for name, content in files.items()]
        answer = await self.admin.post("/console/knowledge/documents", files=parts)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return {
            it["name"].replace(".", "_"): f"/console/knowledge/documents/{it['id']}"
            for it in answer.json()["documents"]
        }

    async def said(self, page: str) -> str:
        return visible((await self.admin.get(page)).text)

    async def until(self, page: str, pattern: str) -> str:
        """The words of the page once they match."""
        async with asyncio.timeout(120):
            while not re.search(pattern, said := await self.said(page)):
                await asyncio.sleep(0.1)
        return said

    async def watched(self, doing: Callable[[], Awaitable[None]]) -> None:
        """Asks, as an impatient visitor, for as long as something is done."""
        task = asyncio.ensure_future(doing())
        async with httpx.AsyncClient(base_url=self.product.url, timeout=60) as client:
            while not task.done():
                started = perf_counter()
                answer = await client.get("/health/ready")
                self.took.append(perf_counter() - started)
                assert answer.status_code == httpx.codes.OK
                await asyncio.sleep(0.05)
        await task


@pytest.fixture
async def library(cluster: EmbeddedDatabase, worker_id: str) -> AsyncIterator[Library]:
    name = f"frontdesk_heavy_{worker_id}"
    await clone_database(cluster, name)
    owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
    async with serving(owner, app, {}) as product, admin_of(product) as admin:
        library = Library(product, admin)
        await library.until("/console/knowledge", DEMO_READ)
        yield library


def long_pdf(pages: int = 600) -> bytes:
    """Takes some seconds to read."""
    return made.pdf([["Page", *(f"Line {line} of a long document." for line in range(25))]] * pages)


async def test_the_server_answers_while_a_huge_file_is_read(library: Library) -> None:
    pages = await library.upload(long_pdf=long_pdf())
    await library.until(pages["long_pdf"], READING)

    async def being_read() -> None:
        while READING in await library.said(pages["long_pdf"]):
            await asyncio.sleep(0.1)

    started = perf_counter()
    await library.watched(being_read)
    reading_s = perf_counter() - started
    assert len(library.took) >= 10, "the file was read before anybody could ask"
    assert median(library.took) < 0.25
    assert max(library.took) < min(2, reading_s / 2)
    assert "600 passages" in await library.until(pages["long_pdf"], ENDED)


async def test_a_bomb_and_a_killed_reader_cost_their_own_files_and_nothing_else(library: Library) -> None:
    killed = await library.upload(killed_pdf=long_pdf())
    reader = await started_child(library.server, within_s=30)
    os.kill(reader, signal.SIGSTOP)  # it shall not be done before it is killed
    before = resident_bytes(library.server)
    rest = await library.upload(
        a_md=b"The desk opens at nine.", bomb_pdf=made.swollen_pdf(900), b_md=b"It closes at six."
    )
    os.kill(reader, signal.SIGSEGV)
    os.kill(reader, signal.SIGCONT)

    async def all_done() -> None:
        for page in (killed | rest).values():
            await library.until(page, ENDED)

    await library.watched(all_done)
    assert MESSAGES["crashed"] in await library.said(killed["killed_pdf"])
    assert MESSAGES["out_of_memory"] in await library.said(rest["bomb_pdf"])
    assert "opens at nine" in await library.said(rest["a_md"])
    assert "closes at six" in await library.said(rest["b_md"])
    assert max(library.took) < 2
    assert resident_bytes(library.server) - before < 100 * MEGABYTE
    again = await library.admin.post(f"{killed['killed_pdf']}/retry")
    assert again.status_code < httpx.codes.BAD_REQUEST
    assert "600 passages" in await library.until(killed["killed_pdf"], "600 passages|Failed")
