"""What counts as a lost connection, and what is a mistake of ours that must be seen."""

from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kit.db import Database, asyncpg_url, fetch, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.kit.failures import closed_is_lost, database_is_away, text_is_unusable
from app.realtime.bus import LocalBus
from tests.conftest import own_database

CLOSED = "unable to perform operation on <TCPTransport closed=True reading=False>; the handler is closed"


@pytest.mark.parametrize("way", ["reading", "statements", "transaction"])
async def test_a_database_that_lets_nobody_in_is_away(
    cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus, way: str
) -> None:
    """It says so in one of PostgreSQL's errors, and each way to a connection wraps that in another one."""
    name = f"frontdesk_shut_{worker_id}"
    admin = await asyncpg.connect(**libpq_arguments(asyncpg_url(cluster.admin_url)))
    async with own_database(cluster, name, bus) as shut:
        await admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        await admin.close()
        with pytest.raises(Exception, match="too many connections") as refused:
            async with getattr(shut, way)(uuid4()):
                pass
    assert database_is_away(refused.value)


def test_a_connection_that_the_event_loop_has_closed_is_a_lost_one() -> None:
    with pytest.raises(ConnectionError, match="handler is closed"), closed_is_lost():
        raise RuntimeError(CLOSED)
    assert database_is_away(RuntimeError(CLOSED))


async def test_a_text_that_postgresql_stores_nowhere_is_known_however_it_was_sent(
    database: Database, org_id: UUID
) -> None:
    with pytest.raises(asyncpg.CharacterNotInRepertoireError) as plain:
        async with database.transaction(org_id) as session:
            await fetch(session, "SELECT $1::text", "a\x00b")
    with pytest.raises(DBAPIError) as wrapped:
        async with database.transaction(org_id) as session:
            await session.scalar(text("SELECT CAST(:it AS text)"), {"it": "a\x00b"})
    assert text_is_unusable(plain.value)
    assert text_is_unusable(wrapped.value)


def test_any_other_runtime_error_is_seen() -> None:
    with pytest.raises(RuntimeError, match="a mistake"), closed_is_lost():
        raise RuntimeError("a mistake")
    assert not database_is_away(RuntimeError("a mistake"))
