"""What several commands share: settings, a database, an organisation, and errors told in a sentence."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import click
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from app.config import ConfigError, Settings, load_settings
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabaseError, release, start
from app.kit.errors import Problem
from app.kit.migrate import MigrationError
from app.realtime.bus import LocalBus
from app.tenancy.organisations import enter_organisation

Result = TypeVar("Result")
# Of a table that goes to a file or another program, which folds nothing.
PIPED_WIDTH = 200
org_option = click.option("--org", default="demo", show_default=True, help="The organisation's short name.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@dataclass(frozen=True)
class DatabaseAddress:
    """The same database twice: as the role that migrates, and as the one that the application is."""

    owner: URL
    app: URL


@contextmanager
def database_address(settings: Settings) -> Iterator[DatabaseAddress]:
    """DATABASE_URL, or the embedded database, which runs as long as some process uses it."""
    if settings.database_url:
        app = asyncpg_url(settings.database_url)
        yield DatabaseAddress(owner=asyncpg_url(settings.database_owner_url or app), app=app)
        return
    embedded = start(settings.data_folder)
    try:
        yield DatabaseAddress(owner=asyncpg_url(embedded.owner_url), app=asyncpg_url(embedded.app_url))
    finally:
        release(embedded)


@asynccontextmanager
async def open_database(address: DatabaseAddress) -> AsyncIterator[Database]:
    from app.reactions import REACTIONS  # reacting takes everything there is; a command's --help does not

    database = Database(address.app, reactions=REACTIONS, info={"bus": LocalBus()}, pool_size=4)
    try:
        yield database
    finally:
        await database.close()


async def organisation_id(database: Database, slug: str) -> UUID:
    async with database.transaction(None) as session:
        return (await enter_organisation(session, slug)).id


def with_database(work: Callable[[Database, Settings], Awaitable[Result]]) -> Result:
    """Runs `work` on the configured database; every foreseeable failure becomes one sentence."""
    with told_plainly():
        settings = load_settings()
        with database_address(settings) as address:
            return asyncio.run(_run(work, address, settings))


async def _run(
    work: Callable[[Database, Settings], Awaitable[Result]], address: DatabaseAddress, settings: Settings
) -> Result:
    async with open_database(address) as database:
        return await work(database, settings)


@contextmanager
def told_plainly() -> Iterator[None]:
    try:
        yield
    except (ConfigError, EmbeddedDatabaseError, MigrationError) as error:
        raise click.ClickException(str(error)) from error
    except Problem as problem:
        raise click.ClickException(problem.detail) from problem
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise click.ClickException(database_trouble(error)) from error


def database_trouble(error: BaseException) -> str:
    """What an operator can do about an error of the database."""
    cause = getattr(error, "orig", None) or error
    said = str(cause).partition("\n")[0] or type(cause).__name__
    if 'relation "' in said and "does not exist" in said:
        return "The database has no tables yet. Run `frontdesk migrate`."
    return f"The database cannot be used: {said}. Check DATABASE_URL, or run `frontdesk doctor`."


def print_table(rows: list[dict[str, Any]]) -> None:
    """Rows of equal keys as a plain table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)
