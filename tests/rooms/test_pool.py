"""The database's connections: those that it has closed are replaced before anybody meets them, and none is handed on
in the middle of something.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from app.kit.db import Database, fetch
from app.knowledge.embedders import Models
from app.knowledge.finding import find
from app.knowledge.search import SEARCH, Query


async def test_connections_that_the_database_has_closed_are_replaced(
    database_urls: tuple[URL, URL], org_id: UUID
) -> None:
    """As a restart closes them all."""
    database, other = Database(database_urls[1], pool_size=2), Database(database_urls[1], pool_size=1)
    try:
        before = await asyncio.gather(*(_backend(database, org_id) for _ in range(2)))
        async with other.transaction(None) as session:
            for backend in before:
                await session.execute(text("SELECT pg_terminate_backend(:id)"), {"id": backend})
        await asyncio.sleep(0.5)
        after = await asyncio.gather(*(_backend(database, org_id) for _ in range(4)))
        assert not set(before) & set(after)
    finally:
        await database.close()
        await other.close()


async def _backend(database: Database, org_id: UUID) -> int:
    async with database.transaction(org_id) as session:
        await session.execute(text("SELECT pg_sleep(0.1)"))
        found = await session.scalar(text("SELECT pg_backend_pid()"))
        assert isinstance(found, int)
        return found


async def test_a_database_that_compiles_statements_compiles_none_of_ours(
    database_urls: tuple[URL, URL],
) -> None:
    """As PostgreSQL does by itself where it takes a statement for a long one."""
    owner, application = (Database(url, role=None, pool_size=1) for url in database_urls)
    try:
        async with owner.transaction(None) as session:
            await session.execute(text(f"ALTER DATABASE {owner.url.database} SET jit = on"))
        async with application.transaction(None) as session:
            assert await session.scalar(text("SHOW jit")) == "off"
    finally:
        async with owner.transaction(None) as session:
            await session.execute(text(f"ALTER DATABASE {owner.url.database} RESET jit"))
        await asyncio.gather(owner.close(), application.close())


@pytest.fixture
async def single(database: Database) -> AsyncIterator[Database]:
    """With one connection, which everybody gets in turn."""
    single = Database(database.url, pool_size=1, patience_s=2)
    yield single
    await single.close()


ADD = "INSERT INTO budget_limit (org_id, payer, allowances) VALUES ($1, 'visitor', '')"
THERE = "SELECT count(*) FROM budget_limit"


async def _there(database: Database, org_id: UUID) -> int:
    async with database.reading(org_id) as session:
        return int((await fetch(session, THERE))[0][0])


async def test_a_transaction_begins_with_its_first_statement_of_whatever_kind(single: Database) -> None:
    made = "CREATE TEMPORARY TABLE left_behind ()"
    with pytest.raises(RuntimeError):
        async with single.transaction(None) as session:
            await fetch(session, made)
            raise RuntimeError
    async with single.transaction(None) as session:
        await fetch(session, made)


async def test_plain_statements_are_kept_together_or_not_at_all(single: Database, org_id: UUID) -> None:
    async with single.statements(org_id) as session:
        await fetch(session, ADD, org_id)
    assert await _there(single, org_id) == 1
    with pytest.raises(asyncpg.UniqueViolationError):
        async with single.statements(org_id) as session:
            await fetch(session, "DELETE FROM budget_limit")
            await fetch(session, ADD, org_id)
            await fetch(session, ADD, org_id)
    assert await _there(single, org_id) == 1


async def test_plain_statements_see_one_organisation_and_leave_no_trace(
    single: Database, org_id: UUID, other_org_id: UUID
) -> None:
    async with single.statements(org_id) as session:
        await fetch(session, ADD, org_id)
    assert await _there(single, other_org_id) == 0
    async with single.transaction(None) as nobody:
        assert await nobody.scalar(text(THERE)) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with single.statements(other_org_id) as session:
            await fetch(session, ADD, org_id)


async def test_only_what_need_not_last_is_not_waited_for(single: Database, org_id: UUID) -> None:
    async def waits(*, lasting: bool) -> str:
        async with single.statements(org_id, lasting=lasting) as session:
            return str((await fetch(session, "SHOW synchronous_commit"))[0][0])

    assert [await waits(lasting=each) for each in (True, False, True)] == ["on", "off", "on"]


async def test_who_leaves_in_the_middle_hands_on_a_clean_connection(single: Database, org_id: UUID) -> None:
    async def slowly() -> None:
        async with single.statements(org_id) as session:
            await fetch(session, ADD, org_id)
            await fetch(session, "SELECT pg_sleep(30)")

    for times in (1, 2):
        leaving = asyncio.create_task(slowly())
        await asyncio.sleep(0.2)
        for _ in range(times):  # the second time while it is rolled back
            leaving.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await _there(single, org_id) == 0


async def test_who_reads_changes_nothing_and_waits_for_no_end(single: Database, org_id: UUID) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with single.reading(org_id) as session:
            await fetch(session, ADD, org_id)
    async with single.reading(org_id) as session:
        await fetch(session, THERE)
        connection = session.connection
    assert connection.is_in_transaction()
    assert await _there(single, org_id) == 0


async def test_what_is_read_is_planned_once(single: Database, org_id: UUID) -> None:
    """By itself PostgreSQL plans a statement at least five times, and a search each time."""
    planned = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
    for _ in range(3):
        await find(single, Models(), org_id, Query("How do I turn the sound off?"))
    async with single.reading(org_id) as session:
        assert [tuple(row) for row in await fetch(session, planned, SEARCH)] == [(3, 0)]
    async with single.transaction(org_id) as session:
        assert await session.scalar(text("SHOW plan_cache_mode")) == "auto"


async def test_a_connection_that_is_lost_while_it_is_read_from_is_replaced_and_told_of(
    single: Database, database: Database, org_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    async with single.reading(org_id) as session:
        [[backend]] = await fetch(session, "SELECT pg_backend_pid()")
        async with database.transaction(None) as other:
            await other.execute(text("SELECT pg_terminate_backend(:id)"), {"id": backend})
    assert await _there(single, org_id) == 0
    assert "after it was read from" in caplog.text


async def test_a_connection_lost_in_the_middle_is_replaced(
    single: Database, database: Database, org_id: UUID
) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        async with single.statements(org_id) as session:
            [[backend]] = await fetch(session, "SELECT pg_backend_pid()")
            async with database.transaction(None) as other:
                await other.execute(text("SELECT pg_terminate_backend(:id)"), {"id": backend})
            await asyncio.sleep(0.3)
            await fetch(session, THERE)
    assert await _there(single, org_id) == 0
