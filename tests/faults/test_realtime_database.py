"""Jobs through a restart of the database: what could not be handed back is not lost."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase, cluster, release, roles, start
from app.kit.embedded.home import prepare_home
from app.kit.embedded.programs import find_programs
from app.kit.jobs import Jobs, Payload, enqueue
from app.kit.migrate import migrate
from app.kit.worker import Worker
from app.main import beside


@pytest.fixture(scope="module")
async def embedded() -> AsyncIterator[EmbeddedDatabase]:
    """A server of one's own, which other tests do not miss while it is down."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-restarted-") as folder:
        server = await asyncio.to_thread(_start, Path(folder))
        await migrate(asyncpg_url(server.owner_url))
        yield server
        await asyncio.to_thread(release, server)


def _start(folder: Path) -> EmbeddedDatabase:
    folder.chmod(0o711)
    return start(folder / "database")


def _stop(server: EmbeddedDatabase) -> None:
    home = prepare_home(server.folder)
    cluster.stop(home, find_programs(home))


def _go_on(server: EmbeddedDatabase) -> None:
    home = prepare_home(server.folder)
    password = roles.passwords(home)[roles.SUPERUSER]
    cluster.ensure_running(home, find_programs(home), superuser_password=password)


async def test_a_job_that_fails_while_the_database_is_down_runs_again(embedded: EmbeddedDatabase) -> None:
    database = Database(embedded.app_url)
    down, done = asyncio.Event(), asyncio.Event()

    async def handle(_: object, __: UUID, ___: Payload) -> None:
        if down.is_set():
            done.set()
            return
        await asyncio.to_thread(_stop, embedded)
        down.set()
        async with database.transaction(None):
            raise AssertionError("The database is down.")

    jobs = Jobs()
    jobs.add("test.restart", handle)
    worker = Worker(database, jobs, None, lease_s=6)
    async with database.transaction(uuid4()) as session:
        await enqueue(session, "test.restart", {})
    async with beside(worker.run()):
        await asyncio.wait_for(down.wait(), 20)
        await asyncio.to_thread(_go_on, embedded)
        await asyncio.wait_for(done.wait(), 40)
        await worker.stop(grace_s=1)
    await database.close()
