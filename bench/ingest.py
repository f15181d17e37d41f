"""
How fast documents become searchable, and what the time goes into.

    make bench-ingest                        # generated pages; prints one JSON object
    python -m bench.ingest FOLDER            # the files of a folder
    python -m bench.ingest --documents 200

Documents go through the product's own job, one after another. A page is what the file says it has, or 3,000 characters.
"""

import argparse
import asyncio
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from app.kit.db import Database
from app.kit.embedded import release, start
from app.kit.ids import new_id
from app.kit.migrate import migrate
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.models import DocumentVersion
from app.knowledge.queries import latest_version
from app.tenancy.organisations import create_organisation
from bench.synthetic import Writer

SECTIONS = 25
PAGE_CHARACTERS = 3_000
STEPS = {"parsing": "parsing", "chunking": "chunking", "embedding": "embedding", "indexing": "database"}


def documents(options: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    """Name and content of each."""
    if options.folder is not None:
        files = sorted(file for file in options.folder.rglob("*") if file.is_file())
        yield from ((file.name, file.read_bytes()) for file in files)
        return
    texts = Writer().texts(options.documents * SECTIONS)
    for number in range(options.documents):
        sections = [f"## Part {at}\n\n{next(texts)}." for at in range(SECTIONS)]
        body = "\n\n".join([f"# Document {number}", *sections])
        yield f"document-{number}.md", body.encode()


async def measure(database: Database, org_id: UUID, options: argparse.Namespace) -> dict[str, Any]:
    seconds: dict[str, float] = defaultdict(float)
    pages, chunks, failed = 0.0, 0, 0
    started = perf_counter()
    for name, content in documents(options):
        version = await _index(database, org_id, name, content)
        if version.state != "ready":
            failed += 1
            continue
        pages += version.pages or 1 if (version.pages or 0) > 1 else max(1.0, len(content) / PAGE_CHARACTERS)
        chunks += version.chunks or 0
        for step, took in version.timings.items():
            seconds[STEPS[step]] += took
    return _report(seconds, perf_counter() - started, pages, chunks, failed)


async def _index(database: Database, org_id: UUID, name: str, content: bytes) -> DocumentVersion:
    async with database.transaction(org_id) as session:
        document = await add_document(session, name=name, content=content, added_by=None)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id)
    async with database.transaction(org_id) as session:
        return await latest_version(session, document.id)


def _report(
    seconds: Mapping[str, float], took: float, pages: float, chunks: int, failed: int
) -> dict[str, Any]:
    """What is in no step is the bookkeeping between them, which is the database's too."""
    steps = {step: seconds.get(step, 0.0) for step in ("parsing", "chunking", "embedding")}
    steps["database"] = took - sum(steps.values())
    return {
        "pages": round(pages),
        "chunks": chunks,
        "failed": failed,
        "seconds": round(took, 2),
        "pages_per_second": round(pages / took, 1),
        "share": {step: round(spent / took, 3) for step, spent in steps.items()},
    }


async def main(options: argparse.Namespace) -> None:
    folder = Path(tempfile.gettempdir()) / f"frontdesk-bench-{new_id().hex}"
    server = start(folder)
    try:
        await migrate(server.owner_url)
        database = Database(server.app_url)
        async with database.transaction(None) as session:
            org_id = (await create_organisation(session, slug="bench", name="Bench")).id
        report = await measure(database, org_id, options)
        await database.close()
    finally:
        release(server)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="files to read instead of generated ones")
    parser.add_argument("--documents", type=int, default=60)
    asyncio.run(main(parser.parse_args()))
