"""Every migration can be undone: down to an empty database and up again gives the very same schema."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from app.kit.db import APP_ROLE, Database, asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.kit.migrate import MigrationError, downgrade, migrate
from app.tenancy.organisations import create_organisation
from tests.conftest import clone_database
from tests.rooms.knowledge_factories import HANDBOOK, index_document

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


async def test_the_application_may_make_temporary_tables(cluster: EmbeddedDatabase, worker_id: str) -> None:
    name = f"frontdesk_temporary_{worker_id}"
    await clone_database(cluster, name)
    owner = asyncpg_url(cluster.owner_url).set(database=name)
    await _run(owner, f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {APP_ROLE}")
    await migrate(owner)
    assert await _run(owner, "SELECT has_database_privilege($1, current_database(), 'TEMPORARY')", APP_ROLE)


async def test_an_owner_who_cannot_allow_that_is_told_what_to_run(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_forbidden_{worker_id}"
    await clone_database(cluster, name)
    admin = asyncpg_url(cluster.admin_url).set(database=name)
    owner = asyncpg_url(cluster.owner_url).set(database=name)
    await _run(admin, f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {APP_ROLE}")
    await _run(admin, f"ALTER DATABASE {name} OWNER TO postgres")
    await _run(admin, f"GRANT CONNECT ON DATABASE {name} TO {owner.username}")
    with pytest.raises(MigrationError, match=f'GRANT TEMPORARY ON DATABASE "{name}" TO {APP_ROLE}'):
        await migrate(owner)


async def test_no_temporary_table_stands_in_for_what_an_owners_function_reads(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_paths_{worker_id}"
    await clone_database(cluster, name)
    paths = r"""
        SELECT array_agg(coalesce(setting, 'none')) FROM pg_proc
        LEFT JOIN unnest(proconfig) AS setting ON setting LIKE 'search\_path=%'
        WHERE prosecdef AND pronamespace = 'public'::regnamespace
    """
    found = await _run(asyncpg_url(cluster.owner_url).set(database=name), paths)
    assert found
    assert [path for path in found if not path.endswith(", pg_temp")] == []


async def test_passages_from_before_have_the_terms_that_new_ones_have(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_terms_{worker_id}"
    await clone_database(cluster, name)
    owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
    database = Database(app)
    async with database.transaction(None) as session:
        org_id = (await create_organisation(session, slug="northwind", name="Northwind")).id
    await index_document(database, org_id, "handbook.md", HANDBOOK)
    before = await _terms(database, org_id)
    await database.close()
    await downgrade(owner, "0020")
    await migrate(owner)
    assert await _terms(database, org_id) == before
    assert min(map(len, before.values())) > 0
    await database.close()


async def _terms(database: Database, org_id: UUID) -> dict[UUID, bytes]:
    async with database.transaction(org_id) as session:
        return {
            row[0]: row[1] for row in await session.execute(text("SELECT chunk_id, terms FROM chunk_pairs"))
        }


async def _run(url: URL, statement: str, *parameters: object) -> Any:
    connection = await asyncpg.connect(**libpq_arguments(url))
    try:
        return await connection.fetchval(statement, *parameters)
    finally:
        await connection.close()


async def schema(owner: URL) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    connection = await asyncpg.connect(**libpq_arguments(owner))
    try:
        columns, made = await connection.fetch(COLUMNS), await connection.fetch(MADE)
    finally:
        await connection.close()
    return [tuple(row) for row in columns], [tuple(row) for row in made]
