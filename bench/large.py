"""How many candidates a large organisation needs: NEAR and what stands beside it in app/knowledge/search.py.

    python -m bench.large ../shared/eval/mtrag_cloud ../shared/eval/aws_docs     # sets of more than 10,000 passages
    python -m bench.large --synthetic 50000

Each set becomes an organisation with an index of its own, whose questions are asked with each constant varied alone.
It prints the share of the exact first ten that was found, for how many questions every chunk was compared after all,
and how long searches took. `--synthetic` does so for texts of bench/synthetic.py.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any
from uuid import UUID

from app.kit.db import Database
from app.knowledge import large
from app.knowledge import search as searching
from app.knowledge.evaluation_set import load, read_set, scratch_organisation
from app.knowledge.preparing import prepare
from app.knowledge.question import Query
from app.knowledge.search import likely, search
from bench.loading import Loader
from bench.search import FOUND, latency, scratch_database
from bench.synthetic import Writer

QUESTIONS = 150
VARIED: dict[str, Sequence[float]] = {
    "NEAR": (0.02, 0.04),
    "LEAST_NEAR": (200, 400),
    "MOST_NEAR": (25, 50, 100),
    "WORDED": (125, 250, 1_000),
    "RARE": (2_500, 5_000, 20_000),
    "LEAST_WEIGHT": (0.4, 0.5, 0.7, 0.8),
}
IN_USE = {name: getattr(searching, name) for name in VARIED}


@dataclass(frozen=True)
class Organisation:
    """A large one, with the questions that it is asked and the exact first ten for each."""

    database: Database
    org_id: UUID
    asked: Sequence[Query]

    async def show(self, name: str) -> None:
        await large.settle(self.database, self.org_id)
        exact = [await self.find(query, exactly=True) for query in self.asked]
        print(f"{name}, {len(self.asked)} questions")
        await self.measure("in use", {}, exact)
        for constant, values in VARIED.items():
            for value in values:
                await self.measure(f"{constant} = {value}", {constant: value}, exact)

    async def measure(self, label: str, varied: dict[str, float], exact: Sequence[list[UUID]]) -> None:
        shares, took, every = [], [], 0
        use(IN_USE | varied)
        for query, first in zip(self.asked, exact, strict=True):
            started = perf_counter()
            found = await self.find(query)
            took.append(perf_counter() - started)
            shares.append(len(set(first) & set(found)) / max(len(first), 1))
            every += await self.compares_every(query)
        use(IN_USE)
        times = latency(took)
        print(
            f"  {label:20} {fmean(shares):.4f} of the exact ten, every chunk for {every / len(shares):.2f},"
            f" p50 {times['p50_ms']:.1f} ms, p95 {times['p95_ms']:.1f} ms",
            flush=True,
        )

    async def find(self, query: Query, *, exactly: bool = False) -> list[UUID]:
        async with self.database.transaction(self.org_id) as session:
            found = await search(session, query, limit=FOUND, exactly=exactly)
        return [passage.chunk_id for passage in found]

    async def compares_every(self, query: Query) -> bool:
        async with self.database.transaction(self.org_id) as session:
            prepared = await prepare(session, query)
        return likely(*prepared) is None


def use(constants: Mapping[str, float]) -> None:
    for name, value in constants.items():
        setattr(searching, name, value)


async def main(options: argparse.Namespace) -> None:
    async with scratch_database() as (database, admin):
        for path in options.sets:
            [corpus] = read_set(path)
            org_id = await scratch_organisation(database)
            await load(database, org_id, corpus, lambda *_: None)
            asked = [one.query() for one in corpus.queries[:QUESTIONS]]
            await Organisation(database, org_id, asked).show(path.name)
        if options.synthetic:
            made = await synthetic(database, admin, options.synthetic)
            await made.show(f"{options.synthetic:,} synthetic chunks")


async def synthetic(database: Database, admin: Any, size: int) -> Organisation:
    writer = Writer()
    loader = Loader(database, admin, writer)
    tenant = await loader.large_tenant(size)
    await admin.execute("ANALYZE")
    texts = loader.texts[:: size // QUESTIONS]
    return Organisation(database, tenant.org_id, [Query(writer.question(text)) for text in texts])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--synthetic", type=int, default=0)
    asyncio.run(main(parser.parse_args()))
