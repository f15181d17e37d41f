"""Every migration can be undone: down to an empty database and up again gives the very same schema."""

import asyncpg
from sqlalchemy.engine import URL

from app.kit.db import asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.kit.migrate import downgrade, migrate
from tests.conftest import clone_database

COLUMNS = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema IN ('public', 'large') ORDER BY 1, 2, 3
"""
# Only what migrations made: extensions bring functions of their own.
MADE = """
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION SELECT 'policy', tablename || ' ' || policyname, coalesce(qual, '') FROM pg_policies
    UNION SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION SELECT 'schema', nspname, '' FROM pg_namespace WHERE nspname = 'large'
    ORDER BY 1, 2
"""


async def test_every_migration_can_be_undone_and_done_again(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_migrations_{worker_id}"
    await clone_database(cluster, name)
    owner = asyncpg_url(cluster.owner_url).set(database=name)
    columns, made = await schema(owner)
    await downgrade(owner, "base")
    left, made_left = await schema(owner)
    assert {row[1] for row in left} <= {"alembic_version"}
    assert {row[0] for row in made_left} <= {"index", "constraint"}
    await migrate(owner)
    assert await schema(owner) == (columns, made)


async def schema(owner: URL) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    connection = await asyncpg.connect(**libpq_arguments(owner))
    try:
        columns, made = await connection.fetch(COLUMNS), await connection.fetch(MADE)
    finally:
        await connection.close()
    return [tuple(row) for row in columns], [tuple(row) for row in made]
