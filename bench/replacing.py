"""
Twenty workers replace, delete and search documents at once; no search may find what was acknowledged as gone.

    python -m bench.replacing                # a minute; prints one JSON object, exits 1 if something was found
    python -m bench.replacing --seconds 10
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

from app.kit.db import Database
from app.kit.embedded import release, start
from app.kit.ids import new_id
from app.kit.migrate import migrate
from app.knowledge.documents import DocumentUnknown, add_document, delete_document, replace
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.knowledge.search import Query, search
from app.tenancy.organisations import create_organisation

DOCUMENTS = 12
ENOUGH, PATIENCE_S = 3, 240
# One word that every version has, so that each search could find any of them.
QUESTION = "When does the ferry leave?"


@dataclass
class Library:
    """What workers did, and what of it must not be found any more: the marks of versions that are gone."""

    database: Database
    org_id: UUID
    gone: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    replaced: int = 0
    deleted: int = 0
    searched: int = 0
    _standing: dict[UUID, str] = field(default_factory=dict)
    _busy: set[UUID] = field(default_factory=set)
    _random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - a benchmark

    @property
    def least(self) -> int:
        return min(self.replaced, self.deleted, self.searched)

    async def act(self) -> None:
        """One thing that a worker does."""
        free = [one for one in self._standing if one not in self._busy]
        if len(self._standing) < DOCUMENTS or not free:
            await self._add()
            return
        chosen = self._random.choice(free)
        chance = self._random.random()
        if chance < 0.6:
            await self._search()
        elif chance < 0.9:
            await self._while_busy(chosen, self._replace(chosen))
        else:
            await self._while_busy(chosen, self._delete(chosen))

    async def _while_busy(self, document_id: UUID, doing: Any) -> None:
        self._busy.add(document_id)
        try:
            await doing
        finally:
            self._busy.discard(document_id)

    async def _add(self) -> None:
        mark = f"mark{new_id().hex}"
        async with self.database.transaction(self.org_id) as session:
            document = await add_document(session, name=f"{mark}.md", content=_text(mark), added_by=None)
            version = await latest_version(session, document.id)
        await index_version(self.database, self.org_id, version.id)
        self._standing[document.id] = mark

    async def _replace(self, document_id: UUID) -> None:
        mark = f"mark{new_id().hex}"
        async with self.database.transaction(self.org_id) as session:
            await replace(session, document_id, content=_text(mark))
            version = await latest_version(session, document_id)
        await index_version(self.database, self.org_id, version.id)
        self.gone.add(self._standing[document_id])
        self._standing[document_id] = mark
        self.replaced += 1

    async def _delete(self, document_id: UUID) -> None:
        async with self.database.transaction(self.org_id) as session:
            try:
                await delete_document(session, document_id)
            except DocumentUnknown:
                return
        self.gone.add(self._standing.pop(document_id))
        self.deleted += 1

    async def _search(self) -> None:
        """What was gone before the search began must not be in what it finds."""
        gone = frozenset(self.gone)
        async with self.database.transaction(self.org_id) as session:
            found = await search(session, Query(QUESTION), limit=50)
        marks = {mark for passage in found for mark in passage.text.split() if mark.startswith("mark")}
        self.wrong += sorted(marks & gone)
        self.searched += 1

    def as_json(self) -> dict[str, Any]:
        return {
            "searched": self.searched,
            "replaced": self.replaced,
            "deleted": self.deleted,
            "found_though_gone": self.wrong,
        }


def _text(mark: str) -> bytes:
    return f"# Ferry {mark}\n\nThe ferry leaves at nine. {mark} says so.".encode()


async def run(library: Library, *, seconds: float, workers: int) -> None:
    """At least so long, and at least until each thing was done some times: a busy machine is slow."""
    until, latest = monotonic() + seconds, monotonic() + max(seconds, PATIENCE_S)

    async def work() -> None:
        while monotonic() < until or (library.least < ENOUGH and monotonic() < latest):
            await library.act()

    await asyncio.gather(*(work() for _ in range(workers)))


async def main(options: argparse.Namespace) -> None:
    folder = Path(tempfile.gettempdir()) / f"frontdesk-bench-{new_id().hex}"
    server = start(folder)
    try:
        await migrate(server.owner_url)
        database = Database(server.app_url)
        async with database.transaction(None) as session:
            org_id = (await create_organisation(session, slug="bench", name="Bench")).id
        library = Library(database, org_id)
        await run(library, seconds=options.seconds, workers=options.workers)
        await database.close()
    finally:
        release(server)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(library.as_json(), indent=2))
    if library.wrong:
        sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=20)
    asyncio.run(main(parser.parse_args()))
