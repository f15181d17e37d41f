"""The embedded PostgreSQL lets no other local user in, and opens no folder."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.kit.embedded import EmbeddedDatabase, EmbeddedDatabaseError, release, start
from tests.embedded import ROOT, as_root, server_id, socket_folder, temporary_folder, value

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that PostgreSQL's own user can reach: pytest's folders are closed to it under root."""
    yield from temporary_folder()


@pytest.fixture(scope="module")
def database() -> Iterator[EmbeddedDatabase]:
    for folder in temporary_folder():
        running = start(folder)
        yield running
        release(running)


def test_everything_is_closed_to_others(database: EmbeddedDatabase) -> None:
    for path in (database.folder, *database.folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        allowed = 0o710 if ROOT and path == database.folder else 0o700
        assert mode & ~allowed == 0, f"{path} has the mode {mode:o}"


@as_root
def test_postgresql_gets_its_own_folders_and_no_others(database: EmbeddedDatabase) -> None:
    owners = {path.name: path.lstat().st_uid == 0 for path in database.folder.iterdir()}
    assert owners == {
        "cluster": False, "socket": False, "passwords.json": True, "roles-made": True,
        "start.lock": True, "users.lock": True, "server.lock": True,
    }  # fmt: skip
    assert Path(f"/proc/{server_id(database.folder)}").stat().st_uid != 0


def test_no_existing_folder_is_changed(folder: Path) -> None:
    data = folder / "data"
    folder.mkdir()
    folder.chmod(0o711)
    data.mkdir()
    data.chmod(0o755)
    before = {path: path.stat().st_mode for path in (data, *data.parents)}
    database = start(data)
    assert {path: path.stat().st_mode for path in before} == before
    assert stat.S_IMODE(socket_folder(database).stat().st_mode) == 0o700
    release(database)


@as_root
def test_a_closed_parent_is_named_and_stays_closed(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with pytest.raises(EmbeddedDatabaseError, match=rf"{folder} is closed to that user.*Set FRONTDESK_DATA"):
        start(folder / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@as_root
def test_another_local_user_cannot_reach_the_socket(database: EmbeddedDatabase) -> None:
    script = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n"
        "    try: open(path); print('read', path)\n"
        "    except PermissionError: pass\n"
        "socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    )
    secret = [
        database.folder / name for name in ("passwords.json", "cluster/PG_VERSION", "cluster/server.log")
    ]
    paths = [str(socket_folder(database) / ".s.PGSQL.5432"), *map(str, secret)]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "PermissionError" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("role", ["postgres", "frontdesk_owner", "frontdesk_app"])
@pytest.mark.parametrize("password", [None, "", "guessed"])
def test_nobody_enters_without_the_password(
    database: EmbeddedDatabase, role: str, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(database.folder / "none"))
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
        value(database.app_url, "SELECT 1", user=role, password=password)


def test_nothing_listens_on_the_network(database: EmbeddedDatabase) -> None:
    assert value(database.admin_url, "SHOW listen_addresses") == ""


def test_the_application_owns_nothing_and_makes_nothing(database: EmbeddedDatabase) -> None:
    owned = "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = 'frontdesk_app'::regrole"
    assert value(database.admin_url, owned) == 0
    rights = (
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles "
        "WHERE rolname = current_user"
    )
    for url in (database.app_url, database.owner_url):
        assert value(url, rights) is False
    for statement in ("CREATE TABLE mine (id int)", "CREATE SCHEMA mine", "CREATE TEMP TABLE mine (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            value(database.app_url, statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        value(database.app_url, "SELECT 1", database="postgres")


def test_the_owner_can_migrate_and_vectors_are_there(database: EmbeddedDatabase) -> None:
    value(database.owner_url, "CREATE TABLE shelf (at vector(3))")
    text_rules = (
        "SELECT concat_ws(' ', pg_encoding_to_char(encoding), datlocprovider, datlocale) FROM pg_database "
        "WHERE datname = current_database()"
    )
    assert value(database.owner_url, text_rules) == "UTF8 b C.UTF-8"
    assert value(database.admin_url, "SHOW data_checksums") == "on"


async def test_the_urls_work_in_sqlalchemy(database: EmbeddedDatabase) -> None:
    engine = create_async_engine(database.app_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_user")) == "frontdesk_app"
    await engine.dispose()


def test_starting_twice_is_one_start(database: EmbeddedDatabase) -> None:
    assert start(database.folder) is database


def test_a_planted_socket_folder_is_refused(folder: Path) -> None:
    folder.mkdir()
    data = folder / ("d" * 100)
    database = start(data)
    sockets = socket_folder(database)
    release(database)
    sockets.rmdir()
    sockets.symlink_to(folder)
    try:
        with pytest.raises(EmbeddedDatabaseError, match=r"belongs to somebody else"):
            start(data)
    finally:
        sockets.unlink()
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 != 0, "the folder behind the link is as it was"


@pytest.mark.parametrize("planted", ["passwords.json", "start.lock", "users.lock", "server.lock"])
def test_planted_links_are_not_followed(folder: Path, tmp_path: Path, planted: str) -> None:
    target = tmp_path / "target"
    target.write_text('{"postgres": "known", "frontdesk_owner": "known", "frontdesk_app": "known"}')
    folder.mkdir()
    (folder / planted).symlink_to(target)
    with pytest.raises(EmbeddedDatabaseError, match=planted):
        start(folder)
    assert "known" in target.read_text()


@as_root
def test_an_ordinary_user_runs_it_too(folder: Path) -> None:
    """Its rights are dropped after the imports, as Python itself may lie in a folder closed to others."""
    script = (
        "import os, sys, asyncio, asyncpg, importlib.metadata, email.parser\n"
        "from pathlib import Path\n"
        "from app.kit.embedded import start, release\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "folder = Path(sys.argv[1]); database = start(folder)\n"
        "print({path.stat().st_uid for path in folder.rglob('*')}, oct(folder.stat().st_mode), release(database))"
    )
    if not _reachable_for_nobody(Path(sys.prefix)):
        pytest.skip("the virtual environment lies in a folder that other users cannot enter")
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{{{NOBODY}}} 0o40700 True\n", done.stderr


def _reachable_for_nobody(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))
