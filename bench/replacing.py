"""
Twenty workers replace, delete and search the same few documents at once; no search may find what was acknowledged as
gone, and in the end each that stands must be found as it was written last.

    python -m bench.replacing                # a minute; prints one JSON object, exits 1 if that was not so
    python -m bench.replacing --seconds 10
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Database
from app.kit.embedded import release, start
from app.kit.errors import Problem
from app.kit.ids import new_id
from app.kit.migrate import migrate
from app.knowledge.documents import add_document, delete_document, replace
from app.knowledge.indexing import index_version
from app.knowledge.models import DocumentVersion
from app.knowledge.queries import latest_version
from app.knowledge.search import Query, search
from app.tenancy.organisations import create_organisation

DOCUMENTS = 24
ENOUGH, PATIENCE_S = 3, 240
STATE = text("SELECT state FROM document_version WHERE org_id = :org AND id = :version")
# One word that every version has, so that each search could find any of them.
QUESTION = "When does the ferry leave?"


@dataclass
class Library:
    """What workers did, and what of it must not be found any more.

    Each version has a mark of its own. Gone are those of a deleted document, all of them, once the deletion is
    acknowledged; those that came before a version, once that is ready; and one that is superseded before it was ready.
    Two workers may well have the same document in hand: one of them may then be told that it is no more.
    """

    database: Database
    org_id: UUID
    wrong: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    replaced: int = 0
    overtaken: int = 0
    deleted: int = 0
    searched: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    _versions: dict[UUID, dict[int, str]] = field(default_factory=dict)
    _documents: dict[str, UUID] = field(default_factory=dict)
    _deleted: set[UUID] = field(default_factory=set)
    _superseded: set[str] = field(default_factory=set)
    _random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - a benchmark

    @property
    def least(self) -> int:
        return min(self.replaced, self.overtaken, self.deleted, self.searched)

    async def act(self) -> None:
        """One thing that a worker does."""
        if len(self._versions) < DOCUMENTS:
            await self._add()
            return
        chosen = self._random.choice(list(self._versions))
        chance = self._random.random()
        try:
            if chance < 0.6:
                await self._search()
            elif chance < 0.9:
                await self._replace(chosen)
            else:
                await self._delete(chosen)
        except Problem as problem:
            self.refused[problem.code] += 1

    async def _add(self) -> None:
        mark = _mark()
        async with self.database.transaction(self.org_id) as session:
            document = await add_document(session, name=f"{mark}.md", content=_text(mark), added_by=None)
            version = await latest_version(session, document.id)
        self._documents[mark] = document.id
        self._versions[document.id] = {}
        await self._index(document.id, version, mark)

    async def _replace(self, document_id: UUID) -> None:
        mark = _mark()
        self._documents[mark] = document_id
        async with self.database.transaction(self.org_id) as session:
            await replace(session, document_id, content=_text(mark))
            version = await latest_version(session, document_id)
        if await self._index(document_id, version, mark):
            self.replaced += 1

    async def _index(self, document_id: UUID, version: DocumentVersion, mark: str) -> bool:
        """Whether the version is ready: another may overtake it, or its document be deleted."""
        versions = self._versions.get(document_id, {})
        versions[version.number] = mark
        await index_version(self.database, self.org_id, version.id)
        async with self.database.transaction(self.org_id) as session:
            state: str | None = await session.scalar(STATE, {"org": self.org_id, "version": version.id})
        if state not in {"ready", "superseded"}:
            self.unfinished.append(mark)
            return False
        earlier = {known for number, known in versions.items() if number < version.number}
        self._superseded |= earlier if state == "ready" else {mark}
        self.overtaken += state == "superseded"
        return state == "ready"

    async def _delete(self, document_id: UUID) -> None:
        async with self.database.transaction(self.org_id) as session:
            await delete_document(session, document_id)
        self._deleted.add(document_id)
        del self._versions[document_id]
        self.deleted += 1

    async def _search(self) -> None:
        """What was gone before the search began must not be in what it finds."""
        superseded, deleted = frozenset(self._superseded), frozenset(self._deleted)
        marks = await self._found()
        self.wrong += sorted(mark for mark in marks if mark in superseded or self._documents[mark] in deleted)
        self.searched += 1

    async def _found(self) -> set[str]:
        async with self.database.transaction(self.org_id) as session:
            found = await search(session, Query(QUESTION), limit=50)
        return {mark for passage in found for mark in passage.text.split() if mark.startswith("mark")}

    async def lost(self) -> list[str]:
        """Once nobody works any more: the newest versions of documents that stand, and are not found."""
        newest = {versions[max(versions)] for versions in self._versions.values()}
        return sorted(newest - await self._found())

    def as_json(self) -> dict[str, Any]:
        return {
            "searched": self.searched,
            "replaced": self.replaced,
            "overtaken": self.overtaken,
            "deleted": self.deleted,
            "refused": dict(self.refused),
            "unfinished": self.unfinished,
            "found_though_gone": self.wrong,
        }


def _mark() -> str:
    return f"mark{new_id().hex}"


def _text(mark: str) -> bytes:
    return f"# Ferry {mark}\n\nThe ferry leaves at nine. {mark} says so.".encode()


async def run(library: Library, *, seconds: float, workers: int) -> None:
    """At least so long, and at least until each thing was done some times: a busy machine is slow."""
    until, latest = monotonic() + seconds, monotonic() + max(seconds, PATIENCE_S)

    async def work() -> None:
        while monotonic() < until or (library.least < ENOUGH and monotonic() < latest):
            await library.act()

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())


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
        lost = await library.lost()
        await database.close()
    finally:
        release(server)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({**library.as_json(), "lost": lost}, indent=2))
    if library.wrong or library.unfinished or lost:
        sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=20)
    asyncio.run(main(parser.parse_args()))
