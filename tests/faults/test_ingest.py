"""`frontdesk ingest` that is killed half-way: run again it finishes, and nothing is there twice."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.knowledge.models import UNDER_WAY, Chunk, Document, DocumentVersion
from app.knowledge.search import Query, search
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from app.tenancy.organisations import create_organisation
from tests.browser.product import FRONTDESK
from tests.conftest import clone_database
from tests.doors.terminal import Terminal
from tests.ingest import made
from tests.website import website

FILES = 5
PAGES = 8


@dataclass(frozen=True)
class Importing:
    """An organisation without any knowledge, in a database of its own, which no server works on."""

    terminal: Terminal
    database: Database
    org_id: UUID

    async def killed(self, *arguments: str, when: Callable[[], Awaitable[bool]]) -> None:
        """Begins the import, and kills it as soon as this holds."""
        process = await asyncio.create_subprocess_exec(
            str(FRONTDESK),
            *self._ingest(arguments),
            env=self.terminal.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            while not await when():
                assert process.returncode is None, "it was done before anybody could kill it"
                await asyncio.sleep(0.02)
        process.kill()
        await process.wait()

    async def again(self, *arguments: str) -> dict[str, str]:
        """Each that was imported, by its name, with its state."""
        ran = await self.terminal.run(*self._ingest(arguments))
        assert ran.code == 0, ran.out + ran.err
        return {row["file"]: row["state"] for row in json.loads(ran.out)}

    def _ingest(self, arguments: Sequence[str]) -> list[str]:
        return ["ingest", *arguments, "--allow-private", "--json", "--org", self.terminal.org]

    async def versions(self) -> list[tuple[str, int, str]]:
        """Of every version: its document's name, its number and its state."""
        async with self.database.transaction(self.org_id) as session:
            query = (
                select(Document.name, DocumentVersion.number, DocumentVersion.state)
                .join(DocumentVersion, DocumentVersion.document_id == Document.id)
                .where(Document.org_id == self.org_id)
            )
            return [(name, number, state) for name, number, state in await session.execute(query)]

    async def check_nothing_is_double(self, names: set[str]) -> None:
        """One document of one version for each name, and each passage once."""
        assert sorted(await self.versions()) == [(name, 1, "ready") for name in sorted(names)]
        async with self.database.transaction(self.org_id) as session:
            stored = select(func.count()).select_from(Chunk).where(Chunk.org_id == self.org_id)
            told = select(func.sum(DocumentVersion.chunks)).where(DocumentVersion.org_id == self.org_id)
            assert await session.scalar(stored) == await session.scalar(told)
            found = [passage.text for passage in await search(session, Query("What is said of number 3?"))]
        assert found
        assert len(found) == len(set(found))


@pytest.fixture
async def importing(cluster: EmbeddedDatabase, worker_id: str) -> AsyncIterator[Importing]:
    name = f"frontdesk_importing_{worker_id}"
    await clone_database(cluster, name)
    owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "FRONTDESK_"))},
        "DATABASE_URL": app.render_as_string(hide_password=False),
        "DATABASE_OWNER_URL": owner.render_as_string(hide_password=False),
        "FRONTDESK_CRAWL_DELAY": "0.2",
    }
    database = Database(app, reactions=REACTIONS, info={"bus": LocalBus()})
    async with database.transaction(None) as session:
        org = await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")
    yield Importing(Terminal(environment, org.slug), database, org.id)
    await database.close()


async def test_files(importing: Importing, tmp_path: Path) -> None:
    for at in range(FILES):
        (tmp_path / f"{at}.md").write_text(f"# Number {at}\n\nIt says {at}.")
    long = [["Page", *(f"Line {line} of a long document." for line in range(25))]] * 300
    (tmp_path / "2.pdf").write_bytes(made.pdf(long))

    async def half_way() -> bool:
        """The long one, which is in the middle, is being read."""
        return any(
            name == "2.pdf" and state in UNDER_WAY[1:] for name, _, state in await importing.versions()
        )

    await importing.killed(str(tmp_path), when=half_way)
    assert len(await importing.versions()) == 4, "two are not begun"
    names = {*(f"{at}.md" for at in range(FILES)), "2.pdf"}
    assert await importing.again(str(tmp_path)) == {str(tmp_path / name): "ready" for name in names}
    await importing.check_nothing_is_double(names)


async def test_a_site(importing: Importing) -> None:
    async with website() as site:
        site.page("/", "Start", *(f"/{at}" for at in range(PAGES)))
        for at in range(PAGES):
            site.page(f"/{at}", f"Number {at}")

        async def half_way() -> bool:
            return len(site.visits) > PAGES // 2

        await importing.killed("--site", f"{site.url}/", when=half_way)
        visited = await importing.again("--site", f"{site.url}/")
        assert visited == dict.fromkeys(
            [f"{site.url}/", *(f"{site.url}/{at}" for at in range(PAGES))], "ready"
        )
        asked = [path for path in site.asked() if path != "/robots.txt"]
        assert len(asked) <= PAGES + 2, "only the page that was under way is asked for again"
    await importing.check_nothing_is_double({"Start", *(f"Number {at}" for at in range(PAGES))})
