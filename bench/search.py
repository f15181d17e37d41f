"""
How fast search is beside plain dense search and beside PostgreSQL's own, and how much of the exact result it finds.

    make bench-search                        # one run on one database; prints one JSON object
    python -m bench.search --large 50000     # a smaller large tenant

Every search is a transaction of one organisation that only reads, as in the product, with the making of the question's
vectors. `dense` is what a plain vector search is: the organisation's chunks in the order of their cosine, exactly.
`ts_rank` ranks what a GIN index finds. The texts are synthetic (bench/synthetic.py).
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import fmean
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
from pgvector import HalfVector

from app.cli.serving import settle
from app.kit.db import Database, Transaction, asyncpg_url, driver_connection, libpq_arguments, scope
from app.kit.embedded import EmbeddedDatabase, release, start
from app.kit.ids import new_id
from app.kit.migrate import migrate
from app.knowledge import large
from app.knowledge.search import Query, search
from bench.loading import Loader, Tenant
from bench.synthetic import Writer
from ingest.embed import static_embedder

TENANTS, OF_EACH = 1_000, 200
SIZES = (1_000, 13_000)
QUESTIONS = 200
BATCH = 2_000
FOUND = 10

DENSE = "SELECT chunk_id, dense <#> $2 AS score FROM chunk_vector WHERE org_id = $1 ORDER BY score LIMIT 10"
TS_RANK = """
    SELECT chunk_id, ts_rank(words, query) AS score
    FROM bench_words, to_tsquery('simple', $2) AS query
    WHERE org_id = $1 AND words @@ query ORDER BY score DESC LIMIT 10
"""
BENCH_WORDS = """
    SET maintenance_work_mem = '512MB';
    CREATE TABLE bench_words AS
        SELECT org_id, id AS chunk_id, to_tsvector('simple', text) AS words FROM chunk
        WHERE NOT EXISTS (SELECT FROM bench_copied copied WHERE copied.id = chunk.id);
    INSERT INTO bench_words
        SELECT copied.org_id, copied.id, words FROM bench_copied copied JOIN bench_words ON chunk_id = copied.source;
    CREATE INDEX ON bench_words USING gin (words);
    CREATE INDEX ON bench_words (org_id);
    GRANT SELECT ON bench_words TO frontdesk_app;
    ANALYZE;
"""

Searching = Callable[[Transaction, str], Awaitable[list[UUID]]]


async def ours(session: Transaction, question: str) -> list[UUID]:
    return [passage.chunk_id for passage in await search(session, Query(question), limit=FOUND)]


async def ours_exactly(session: Transaction, question: str) -> list[UUID]:
    return [passage.chunk_id for passage in await search(session, Query(question), limit=FOUND, exactly=True)]


async def dense(session: Transaction, question: str) -> list[UUID]:
    vector = HalfVector(static_embedder().embed([question])[0])
    rows = await (await driver_connection(session)).fetch(DENSE, scope(session), vector)
    return [row[0] for row in rows]


async def ts_rank(session: Transaction, question: str) -> list[UUID]:
    rows = await (await driver_connection(session)).fetch(
        TS_RANK, scope(session), " | ".join(question.split())
    )
    return [row[0] for row in rows]


WAYS: dict[str, Searching] = {"dense": dense, "ts_rank": ts_rank, "ours": ours}


async def main(options: argparse.Namespace) -> None:
    async with scratch_database() as (database, admin):
        report = await Bench(database, admin, options).run()
    print(json.dumps(report, indent=2))


@asynccontextmanager
async def scratch_database() -> AsyncIterator[tuple[Database, Any]]:
    """A database of its own, which goes afterwards: see `opened`."""
    folder = Path(tempfile.gettempdir()) / f"frontdesk-bench-{new_id().hex}"
    server = start(folder)
    try:
        await migrate(server.owner_url)
        async with opened(server) as opening:
            yield opening
    finally:
        release(server)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def opened(server: EmbeddedDatabase) -> AsyncIterator[tuple[Database, Any]]:
    """The application's way in, and the superuser's, who alone may COPY past row-level security."""
    database = Database(server.app_url)
    admin = await asyncpg.connect(**libpq_arguments(asyncpg_url(server.admin_url).set(database="frontdesk")))
    for vector in ("halfvec", "sparsevec"):
        await admin.set_type_codec(vector, schema="public", encoder=bytes, decoder=bytes, format="binary")
    # No foreign keys are looked up: what is copied belongs together.
    await admin.execute("SET session_replication_role = replica")
    try:
        yield database, admin
    finally:
        await admin.close()
        await database.close()


class Bench:
    def __init__(self, database: Database, admin: Any, options: argparse.Namespace) -> None:
        self.database, self.admin, self.options = database, admin, options
        self.writer, self.random = Writer(), Random(7)  # noqa: S311 - a benchmark
        self.loader = Loader(database, admin, self.writer)
        self.started = perf_counter()

    async def run(self) -> dict[str, Any]:
        load = self.loader
        big = await load.large_tenant(self.options.large)
        self.note(f"{big.last:,} chunks are in")
        sized = [await load.tenant(0, size) for size in SIZES]
        starts = (at * OF_EACH % self.options.large for at in range(self.options.tenants))
        small = [await load.tenant(start, start + OF_EACH) for start in starts]
        await load.copy_tenants(big, [*sized, *small])
        self.note("every tenant is in")
        await self.admin.execute(BENCH_WORDS)
        self.note("indexed for ts_rank")
        for tenant in (*sized, big):
            await large.settle(self.database, tenant.org_id)
            self.note(f"settled {tenant.last:,} chunks")
        # As the server does before it answers.
        settle()
        report: dict[str, Any] = {}
        for tenant in (*sized, big):
            report[f"{tenant.last:,} chunks"] = await self.compare([tenant] * self.options.questions)
        report[f"{OF_EACH} chunks of each of {len(small):,} tenants"] = await self.compare(small)
        return report

    async def compare(self, tenants: Sequence[Tenant]) -> dict[str, Any]:
        """Each question is asked in every way in turn; the first tenth of them only warms up."""
        asked = [
            (one.org_id, self.writer.question(self.loader.texts[self.random.randrange(one.first, one.last)]))
            for one in tenants
        ]
        asked = asked[: self.options.questions]
        took: dict[str, list[float]] = {name: [] for name in WAYS}
        for one in asked:
            for name, way in WAYS.items():
                took[name].append(await self.timed(way, *one))
        warm = len(asked) // 10
        figures: dict[str, Any] = {name: latency(times[warm:]) for name, times in took.items()}
        figures["ours / dense, p95"] = round(figures["ours"]["p95_ms"] / figures["dense"]["p95_ms"], 2)
        figures["recall@10"] = round(fmean([await self.recall(*one) for one in asked]), 4)
        self.note(json.dumps(figures))
        return figures

    async def timed(self, way: Searching, org_id: UUID, question: str) -> float:
        started = perf_counter()
        async with self.database.reading(org_id) as session:
            await way(session, question)
        return perf_counter() - started

    async def recall(self, org_id: UUID, question: str) -> float:
        """The share of the exact first ten that the plan in use finds."""
        async with self.database.reading(org_id) as session:
            exact, found = await ours_exactly(session, question), await ours(session, question)
        return len(set(exact) & set(found)) / max(len(exact), 1)

    def note(self, said: str) -> None:
        print(f"{perf_counter() - self.started:6.1f} s  {said}", file=sys.stderr, flush=True)


def latency(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {f"p{part}_ms": round(ordered[len(ordered) * part // 100] * 1000, 2) for part in (50, 95)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--large", type=int, default=200_000, help="chunks of the large tenant")
    parser.add_argument("--tenants", type=int, default=TENANTS, help=f"tenants of {OF_EACH} chunks each")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="asked of each size")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))
