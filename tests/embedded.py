"""What the tests of the embedded database share."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.kit.db import asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.kit.embedded.home import LockFile
from app.kit.embedded.locks import held_by_anybody

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root, to act as another user")


def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.gettempdir()) / f"frontdesk-embedded-{secrets.token_hex(6)}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def runs(folder: Path) -> bool:
    return held_by_anybody(LockFile(folder / "server.lock"))


def server_id(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


def socket_folder(database: EmbeddedDatabase) -> Path:
    return Path(str(asyncpg_url(database.app_url).query["host"]))


def value(url: str, query: str, **changed: object) -> object:
    return asyncio.run(_fetch(url, query, changed))


async def _fetch(url: str, query: str, changed: dict[str, object]) -> object:
    connection = await asyncpg.connect(**{**libpq_arguments(asyncpg_url(url)), **changed})
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
