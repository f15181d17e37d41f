"""Brings a database to the newest schema, as its owner."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL

from app.kit.db import APP_ROLE, asyncpg_url, libpq_arguments

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
# One migration at a time, however many servers start at once.
LOCK = 7_310_044
MAY_MAKE_TEMPORARY = "SELECT has_database_privilege($1, current_database(), 'TEMPORARY')"


class MigrationError(Exception):
    """The schema cannot be brought up to date; the message says what to do."""


async def migrate(owner_url: str | URL, *, revision: str = "head") -> None:
    """Migrates up to `revision`. Creates the application's role where it is missing."""
    connection = await asyncpg.connect(**libpq_arguments(asyncpg_url(owner_url)))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await _ensure_role(connection)
        await asyncio.to_thread(command.upgrade, alembic_config(owner_url), revision)
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"The database's owner may not do this: {error}. Give DATABASE_OWNER_URL a role that owns the database, "
            f"and run once as a superuser: CREATE EXTENSION vector; CREATE ROLE {APP_ROLE} NOLOGIN; "
            f"{_grant(asyncpg_url(owner_url).database)}"
        ) from error
    finally:
        await connection.close()


async def downgrade(owner_url: str | URL, revision: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic_config(owner_url), revision)


def alembic_config(owner_url: str | URL) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    url = asyncpg_url(owner_url).render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def newest_revision() -> str:
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    assert head is not None
    return head


async def _ensure_role(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APP_ROLE):
        await connection.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
    if await connection.fetchval("SELECT NOT pg_has_role(current_user, $1, 'MEMBER')", APP_ROLE):
        await connection.execute(f"GRANT {APP_ROLE} TO CURRENT_USER")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}")
    await _ensure_temporary(connection)


async def _ensure_temporary(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Passages come in through a temporary table (app/knowledge/publishing.py), which all may make unless forbidden.
    PostgreSQL only warns where some right to a database is there, but not the one to give it to others.
    """
    if await connection.fetchval(MAY_MAKE_TEMPORARY, APP_ROLE):
        return
    await connection.execute(_grant(await connection.fetchval("SELECT current_database()")))
    if not await connection.fetchval(MAY_MAKE_TEMPORARY, APP_ROLE):
        raise asyncpg.InsufficientPrivilegeError(f"{APP_ROLE} needs temporary tables")


def _grant(database: str | None) -> str:
    quoted = (database or "").replace('"', '""')
    return f'GRANT TEMPORARY ON DATABASE "{quoted}" TO {APP_ROLE};'
