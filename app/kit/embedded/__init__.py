"""The PostgreSQL that Frontdesk brings along, for whoever has set no DATABASE_URL.

One server for each data folder, shared by every process that uses it (server, worker, commands). Each holds a
shared lock for its life; the last one to leave stops the server. Nothing listens on the network, and no other
local user gets in: passwords, a socket folder of its own, and no folder of anybody else is ever opened.
"""

import atexit
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.kit.embedded import cluster, roles
from app.kit.embedded.home import EmbeddedDatabaseError, Home, default_folder, prepare_home
from app.kit.embedded.locks import exclusive, held_by_anybody, hold_shared
from app.kit.embedded.programs import find_programs

__all__ = ["EmbeddedDatabase", "EmbeddedDatabaseError", "default_folder", "release", "start"]

log = logging.getLogger(__name__)

# How long one process waits for another that starts or stops the server.
PATIENCE_S = 180


@dataclass(frozen=True)
class EmbeddedDatabase:
    """SQLAlchemy URLs (`postgresql+asyncpg://…`) of a running server.

    `owner_url` migrates, `app_url` serves, `admin_url` is the superuser's, for tests that create databases.
    """

    folder: Path
    owner_url: str
    app_url: str
    admin_url: str


# What this process uses: each database with the descriptor that holds its shared lock.
_in_use: dict[Path, tuple[EmbeddedDatabase, Home, int]] = {}
_one_thread = threading.Lock()


def start(data: Path | None = None) -> EmbeddedDatabase:
    """Starts the server of the folder `data` (or of `default_folder()`), or joins the one that runs already.

    Blocks: 2 s at most as a rule, 10 s for a folder's first start. Raises EmbeddedDatabaseError.
    """
    with _one_thread, _explained():
        home = prepare_home(data)
        if home.folder not in _in_use:
            with exclusive(home.lock("start"), wait_s=PATIENCE_S):
                _in_use[home.folder] = _join(home)
            atexit.register(_release_at_exit, home.folder)
        return _in_use[home.folder][0]


def release(database: EmbeddedDatabase) -> bool:
    """Lets go of the server, as happens by itself when the process ends.

    True where nobody else uses the server: it is stopped then, and its folder may go.
    """
    with _one_thread, _explained():
        if database.folder not in _in_use:
            return False
        _, home, hold = _in_use.pop(database.folder)
        with exclusive(home.lock("start"), wait_s=PATIENCE_S):
            return _leave(home, hold)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedDatabaseError(
            f"The embedded database cannot be used: {error.filename}: {error.strerror}. Give that back to "
            "the user who runs Frontdesk, make room on the disk, or set FRONTDESK_DATA to another folder."
        ) from error


def _join(home: Home) -> tuple[EmbeddedDatabase, Home, int]:
    hold = hold_shared(home.lock("users"))
    try:
        return _bring_up(home), home, hold
    except BaseException:
        _leave(home, hold)
        raise


def _bring_up(home: Home) -> EmbeddedDatabase:
    programs = find_programs(home)
    passwords = roles.passwords(home)
    sockets = cluster.ensure_running(home, programs, superuser_password=passwords[roles.SUPERUSER])
    roles.ensure_roles(home, programs, sockets, passwords)
    return EmbeddedDatabase(
        folder=home.folder,
        owner_url=roles.url(roles.OWNER, roles.DATABASE, passwords, sockets),
        app_url=roles.url(roles.APP, roles.DATABASE, passwords, sockets),
        admin_url=roles.url(roles.SUPERUSER, "postgres", passwords, sockets),
    )


def _leave(home: Home, hold: int) -> bool:
    os.close(hold)
    if held_by_anybody(home.lock("users")):
        return False
    try:
        cluster.stop(home, find_programs(home))
    except EmbeddedDatabaseError as error:
        log.warning("The embedded database still runs: %s", error)
        return False
    return True


def _release_at_exit(folder: Path) -> None:
    if folder in _in_use:
        try:
            release(_in_use[folder][0])
        except EmbeddedDatabaseError as error:
            log.warning("The embedded database still runs: %s", error)
