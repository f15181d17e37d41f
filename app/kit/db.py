"""The database: one engine a process, one transaction a request or job, one organisation a transaction.

`Database.transaction(org_id)` commits, and for plain SQL `Database.statements(org_id)`; nothing else does; what
only reads is done in `Database.reading(org_id)`. They tell PostgreSQL whose transaction this is (`app.org`, local to
the transaction), and row-level security hides everything else. What must happen only once the transaction is safe,
such as signals, is handed to `after_commit`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from pgvector.asyncpg import register_vector
from sqlalchemy import MetaData, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn

from app.kit.failures import database_is_away
from app.kit.happenings import Reactions

log = logging.getLogger(__name__)

APP_ROLE = "frontdesk_app"
# Who waits longer for a connection is told to come back. Clients give up after a few seconds, and work for those who
# have gone keeps the others waiting until they have gone, too.
POOL_PATIENCE_S = 3.0
POOL = 15
# Jobs, and what looks for lost signals, have connections of their own and time: what has been done of an answer is not
# thrown away because many people write just then, and people do not wait for answers to others.
WORK_PATIENCE_S = 60.0
WORK_POOL = 10

SET = "SELECT set_config($1, $2, true)"
# Each connection plans a statement once, as PostgreSQL would plan a search anew each time, for a millisecond; and for
# indexes, as there may have been next to nothing to read then.
PLANNED_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class Database:
    """An engine with its transaction boundary. Close it with `await database.close()`."""

    def __init__(
        self,
        url: str | URL,
        *,
        reactions: Reactions | None = None,
        info: Mapping[str, object] | None = None,
        role: str | None = APP_ROLE,
        pool_size: int = POOL,
        patience_s: float = POOL_PATIENCE_S,
    ) -> None:
        self.url = asyncpg_url(url)
        self._info = {"reactions": reactions or {}, **(info or {})}
        self.engine = _engine(self.url, role, pool_size, patience_s)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(self, org_id: UUID | None) -> AsyncIterator[AsyncSession]:
        """One transaction of one organisation; None opens only what needs none, by `unlock`."""
        async with self._sessions() as session:
            session.info.update(self._info, org=org_id, effects=[])
            async with session.begin():
                if org_id is not None:
                    await _set(session, "app.org", str(org_id))
                yield session
        for effect in session.info["effects"]:
            effect()

    @asynccontextmanager
    async def statements(self, org_id: UUID, *, lasting: bool = True) -> AsyncIterator["Statements"]:
        """One transaction of one organisation, of plain SQL (`fetch`) alone, without what a session costs.

        What need not last beyond a crash of the database is not waited for until it is on its disk.
        """
        held, connection = await self._taken()
        try:
            # In one round trip; digits need no escaping.
            waits = "" if lasting else "; SET LOCAL synchronous_commit = off"
            await connection.execute(f"BEGIN; SET LOCAL app.org = '{org_id.hex}'{waits}")
            yield Statements(connection, {"org": org_id})
            await connection.execute("COMMIT")
        finally:
            await _given_back(held, connection)

    @asynccontextmanager
    async def reading(self, org_id: UUID) -> AsyncIterator["Statements"]:
        """The same, for what changes nothing: nobody waits until such a transaction has ended.

        Statements are `PLANNED_ONCE`.
        """
        held, connection = await self._taken()
        try:
            await connection.execute(f"BEGIN READ ONLY; SET LOCAL app.org = '{org_id.hex}'; {PLANNED_ONCE}")
            yield Statements(connection, {"org": org_id})
        finally:
            ending = asyncio.create_task(_ended(held, connection))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _taken(self) -> "tuple[PoolProxiedConnection, asyncpg.Connection[Any]]":
        held = await greenlet_spawn(self.engine.sync_engine.pool.connect)
        assert isinstance(held.driver_connection, asyncpg.Connection)
        return held, held.driver_connection

    async def close(self) -> None:
        if self._ending:
            await asyncio.wait(self._ending)
        await self.engine.dispose()


@dataclass(frozen=True)
class Statements:
    """A transaction that runs plain SQL alone. What happens in it has no reactions, and signals nothing."""

    connection: "asyncpg.Connection[Any]"
    info: Mapping[str, Any]


Transaction: TypeAlias = AsyncSession | Statements


def scope(session: Transaction) -> UUID:
    """The organisation of this transaction."""
    org_id = session.info["org"]
    if not isinstance(org_id, UUID):
        raise TypeError("This transaction belongs to no organisation.")
    return org_id


def after_commit(session: AsyncSession, effect: Callable[[], object]) -> None:
    """Runs `effect` once the transaction is committed, and never if it is not."""
    session.info["effects"].append(effect)


async def unlock(session: AsyncSession, key: str) -> None:
    """Opens the rows that carry `key` (a token's hash, a site's key, a member's address): whoever knows it may
    find out which organisation it belongs to. See `key_opens` in app/migrations/tenancy.py.
    """
    await _set(session, "app.key", key)


async def enter(session: AsyncSession, org_id: UUID) -> None:
    """Makes a transaction that began without an organisation the given one's."""
    session.info["org"] = org_id
    await _set(session, "app.org", str(org_id))


async def driver_connection(session: Transaction) -> "asyncpg.Connection[Any]":
    """The asyncpg connection under this transaction, for COPY and for libraries that speak asyncpg."""
    if isinstance(session, Statements):
        return session.connection
    held = session.info.get("connection")
    if held is None or session.in_nested_transaction():
        own = await session.connection()
        held = (await own.get_raw_connection()).driver_connection
        assert isinstance(held, asyncpg.Connection)
        if not held.is_in_transaction():  # SQLAlchemy begins with the first statement that it sends itself
            await own.exec_driver_sql("SELECT 1")
        session.info["connection"] = held
    return held


async def fetch(session: Transaction, statement: str, *parameters: object) -> "list[asyncpg.Record]":
    """The rows of plain SQL with $1, $2, …, which sees no change that waits to be flushed.

    For what each message pays for: what SQLAlchemy does for a statement takes two to four times what this does.
    """
    rows: list[asyncpg.Record] = await (await driver_connection(session)).fetch(statement, *parameters)
    return rows


def asyncpg_url(url: str | URL) -> URL:
    return make_url(url).set(drivername="postgresql+asyncpg")


def libpq_arguments(url: URL) -> Mapping[str, Any]:
    """The URL as keyword arguments of asyncpg.connect, which takes a socket folder as host."""
    query = {name: value for name, value in url.query.items() if name != "host"}
    return {
        "host": url.query.get("host", url.host),
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "database": url.database,
        **query,
    }


def _engine(url: URL, role: str | None, pool_size: int, patience_s: float) -> AsyncEngine:
    # Compiling pays for reports that take seconds; nobody asks for such here, and a long search would wait for it.
    settings = {"application_name": "frontdesk", "jit": "off", **({"role": role} if role else {})}
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # which would be opened and closed again for each transaction, just when there is much to do
        pool_timeout=patience_s,
        pool_use_lifo=True,  # the connection that was used last has its statements prepared
        hide_parameters=True,  # an error's text is logged; what visitors wrote is not
        connect_args={"server_settings": settings},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.run_async(register_vector)

    @event.listens_for(engine.sync_engine, "checkout")
    def _check(connection: Any, *_: object) -> None:
        # asyncpg has heard when the server went away. Asking it instead, as SQLAlchemy does, takes three round trips.
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError

    return engine


async def _given_back(held: PoolProxiedConnection, connection: "asyncpg.Connection[Any]") -> None:
    """Without what was begun on it and not committed."""
    try:
        if connection.is_in_transaction():
            await connection.execute("ROLLBACK")
    finally:
        if connection.is_in_transaction():  # whoever left was not even let roll it back
            held.invalidate()
        await greenlet_spawn(held.close)


async def _ended(held: PoolProxiedConnection, connection: "asyncpg.Connection[Any]") -> None:
    try:
        await _given_back(held, connection)
    except Exception as error:
        if not database_is_away(error):
            raise
        log.warning("The database went away after it was read from: %s", error)


async def _set(session: AsyncSession, name: str, value: str) -> None:
    # As plain SQL: what SQLAlchemy makes of it costs as much as it does. Sent by SQLAlchemy where it comes first.
    if "connection" in session.info:
        await fetch(session, SET, name, value)
    else:
        await (await session.connection()).exec_driver_sql(SET, (name, value))
