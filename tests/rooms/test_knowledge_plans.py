"""The plans that PostgreSQL makes by itself, with as many chunks as decide: an organisation's own, or its indexes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pgvector import HalfVector, SparseVector
from pgvector.asyncpg import register_vector
from sqlalchemy.engine import URL

from app.kit.db import PLANNED_ONCE, asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.knowledge import large
from app.knowledge.search import EVERY, MOST_NEAR, SEARCH, WORDED
from ingest.lexical import DIMENSIONS
from tests.conftest import clone_database

SMALL_ONES, OF_EACH = 60, 100
# Vectors as pages have them in number and width; what they mean does not matter to a plan.
FILL = """
    INSERT INTO chunk_vector (org_id, chunk_id, version_id, dense, lexical)
    SELECT $1, gen_random_uuid(), $1,
           (SELECT array_agg(sin(at * 7 + place))::vector::halfvec FROM generate_series(1, 256) AS place),
           ('{' || (SELECT string_agg(format('%s:1', place * 5000 + at * 31 % 4999), ',')
                    FROM generate_series(1, 60) AS place) || '}/1000000000')::sparsevec
    FROM generate_series(1, $2::int) AS at
"""
QUESTION = HalfVector([1.0] * 256)
WORDS = SparseVector({5030: 1.0, 10061: 1.0}, DIMENSIONS)
IN_ALL_CHUNKS = list(range(5000, 10_000))
# What the function that runs the statement sets while it does.
SET_AS_IN_THE_FUNCTION = """
    SELECT set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true)
    FROM pg_proc, unnest(proconfig) AS setting WHERE proname = 'large_candidates' AND setting NOT LIKE 'search_path=%'
"""


@pytest.fixture(scope="module")
async def filled(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, UUID, UUID]:
    """The owner's way into a database of many organisations, with one small and one large of them."""
    name = f"frontdesk_plans_{worker_id}"
    await clone_database(cluster, name)
    organisations = [new_id() for _ in range(SMALL_ONES)]
    async with connected(asyncpg_url(cluster.admin_url).set(database=name)) as admin:
        await admin.execute("SET session_replication_role = replica")  # nobody has to be there for a plan
        for org_id in organisations:
            await admin.execute(FILL, org_id, OF_EACH)
        big = new_id()
        await admin.execute(FILL, big, large.LARGE + 1)
        await admin.execute("ANALYZE")
    return asyncpg_url(cluster.owner_url).set(database=name), organisations[0], big


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(**libpq_arguments(url))
    await register_vector(connection)
    try:
        yield connection
    finally:
        await connection.close()


async def plan_of(connection: Any, statement: str, *parameters: object) -> str:
    return "\n".join(
        row[0] for row in await connection.fetch("EXPLAIN (COSTS OFF) " + statement, *parameters)
    )


async def plan_for_any(connection: Any, statement: str, *parameters: str) -> str:
    """The plan for whatever parameters, as what only reads has it."""
    await connection.execute(PLANNED_ONCE)
    await connection.execute(f"PREPARE asked AS {statement}")
    given = ", ".join(f"'{parameter}'" for parameter in parameters)
    return await plan_of(connection, f"EXECUTE asked ({given})")


async def test_an_organisation_is_searched_exactly_by_its_own_rows_alone(
    filled: tuple[URL, UUID, UUID],
) -> None:
    owner, small, _ = filled
    async with connected(owner) as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.org', $1, true)", str(small))
        plans = {
            f"'{small}'::uuid": await plan_of(connection, EVERY, small, QUESTION, WORDS),
            "$1": await plan_for_any(connection, EVERY, str(small), QUESTION.to_text(), WORDS.to_text()),
        }
    for organisation, plan in plans.items():
        assert "chunk_vector_pkey" in plan
        assert f"Index Cond: (org_id = {organisation})" in plan
        assert "Seq Scan" not in plan


async def test_a_search_that_was_planned_with_little_to_read_is_good_for_much(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    """Of tables with a page or two PostgreSQL would read every row, for each row that it looks up."""
    name = f"frontdesk_few_{worker_id}"
    await clone_database(cluster, name)
    async with connected(asyncpg_url(cluster.admin_url).set(database=name)) as connection:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(FILL, org_id := new_id(), 3)
        await connection.execute("ANALYZE")
        asked = (
            str(org_id),
            *(each.to_text() for each in (QUESTION, WORDS, WORDS)),
            "0.4",
            "50",
            "30",
            "0.2",
        )
        async with connection.transaction():
            plan = await plan_for_any(connection, SEARCH, *asked)
    assert "Seq Scan" not in plan
    assert all(
        f"using {table}_pkey" in plan for table in ("chunk_vector", "chunk_pairs", "chunk", "document")
    )


async def test_a_large_organisation_uses_its_indexes(filled: tuple[URL, UUID, UUID]) -> None:
    owner, _, big = filled
    async with connected(owner) as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.org', $1, true)", str(big))
        await connection.execute("SELECT large_build()")
        statement = await connection.fetchval("SELECT large_statement()")
        await connection.execute(SET_AS_IN_THE_FUNCTION)
        plans = [
            await plan_of(connection, statement, QUESTION, WORDS, rare, MOST_NEAR, WORDED)
            for rare in ([5030], IN_ALL_CHUNKS)
        ]
    table = f"t_{big.hex}"
    for plan in plans:
        assert f"Index Scan using {table}_dense_idx" in plan
        assert f"Bitmap Index Scan on {table}_terms_idx" in plan
        assert "Seq Scan" not in plan
