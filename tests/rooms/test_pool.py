"""The database's connections: those that it has closed are replaced before anybody meets them."""

import asyncio
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import URL

from app.kit.db import Database


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
