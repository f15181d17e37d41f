"""The embedded PostgreSQL through kills, races, damage and odd places."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kit.embedded import EmbeddedDatabaseError, release, start
from app.kit.embedded.memory import DEFAULT_MB, MOST_MB, buffers_mb
from tests.embedded import ROOT, runs, server_id, socket_folder, temporary_folder, value

# A process that uses the database until its input ends.
USER = """
import sys
from pathlib import Path
from app.kit.embedded import start
start(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that PostgreSQL's own user can reach: pytest's folders are closed to it under root."""
    yield from temporary_folder()


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """The folder of a stopped server, for tests that put back what they change."""
    for folder in temporary_folder():
        release(start(folder))
        yield folder


@contextmanager
def _changed(file: Path, text: str | None) -> Iterator[None]:
    """The file with another text, or without the file, for a while."""
    before, owner = file.read_text(), file.stat().st_uid
    try:
        file.write_text(text) if text is not None else file.unlink()
        yield
    finally:
        file.write_text(before)
        os.chown(file, owner, -1)


@pytest.fixture
def spawn(folder: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts another process that uses the database of `folder`, and returns when it does."""
    started: list[subprocess.Popen[str]] = []

    def another() -> "subprocess.Popen[str]":
        process = _popen(folder)
        started.append(process)
        _wait_ready(process)
        return process

    yield another
    for process in started:
        _end(process)


def _popen(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", USER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _wait_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def _end(process: "subprocess.Popen[str]") -> None:
    with process:
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        process.wait(60)


def test_the_last_process_to_leave_stops_the_server(
    folder: Path, spawn: Callable[[], "subprocess.Popen[str]"]
) -> None:
    first, second = spawn(), spawn()
    server = server_id(folder)
    _end(first)
    assert runs(folder)
    assert server_id(folder) == server
    _end(second)
    assert not runs(folder)


def test_many_first_starts_at_once_make_one_server(folder: Path) -> None:
    processes = [_popen(folder) for _ in range(4)]
    try:
        for process in processes:
            _wait_ready(process)
        assert runs(folder)
    finally:
        for process in processes:
            _end(process)
    assert not runs(folder)


def test_a_killed_process_leaves_its_server_to_the_next(
    folder: Path, spawn: Callable[[], "subprocess.Popen[str]"]
) -> None:
    killed = spawn()
    server = server_id(folder)
    killed.kill()
    killed.wait()
    assert runs(folder)
    database = start(folder)
    assert server_id(folder) == server
    assert value(database.app_url, "SELECT 1") == 1
    assert release(database)
    assert not runs(folder)


def test_data_outlives_a_killed_server(folder: Path) -> None:
    database = start(folder)
    value(database.owner_url, "CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(server_id(folder), signal.SIGKILL)
    release(database)
    database = start(folder)
    assert value(database.owner_url, "SELECT number FROM kept") == 7
    release(database)


def test_an_interrupted_first_start_is_made_anew(folder: Path) -> None:
    release(start(folder))
    (folder / "cluster").rename(folder / "cluster.new")
    (folder / "cluster.new" / "global" / "pg_control").unlink()
    database = start(folder)
    assert value(database.app_url, "SELECT 1") == 1
    release(database)


def test_a_process_id_that_another_program_has_now(stopped: Path) -> None:
    cluster = stopped / "cluster"
    owner = cluster.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if ROOT else None) as other:
        lines = (other.pid, cluster, 1700000000, 5432, stopped / "socket", "", "0 0", "ready", "")
        (cluster / "postmaster.pid").write_text("\n".join(map(str, lines)))
        os.chown(cluster / "postmaster.pid", owner, -1)
        database = start(stopped)
        assert value(database.app_url, "SELECT 1") == 1
        release(database)
        other.kill()


def test_data_of_another_version_is_refused(stopped: Path) -> None:
    with (
        _changed(stopped / "cluster" / "PG_VERSION", "16\n"),
        pytest.raises(EmbeddedDatabaseError, match=r"made by PostgreSQL 16.*pg_dump.*pg_restore"),
    ):
        start(stopped)


def test_a_failed_start_shows_what_postgresql_said(stopped: Path) -> None:
    with (
        _changed(stopped / "cluster" / "postgresql.conf", "nonsense = on\n"),
        pytest.raises(EmbeddedDatabaseError, match=r'unrecognized configuration parameter "nonsense"'),
    ):
        start(stopped)
    assert not runs(stopped)


@pytest.mark.parametrize("damaged", ["{", '{"postgres": 1}', None])
def test_missing_passwords_are_not_made_anew(stopped: Path, damaged: str | None) -> None:
    with (
        _changed(stopped / "passwords.json", damaged),
        pytest.raises(EmbeddedDatabaseError, match=r"passwords\.json.*backup"),
    ):
        start(stopped)
    assert not runs(stopped)


@pytest.mark.parametrize("name", ["d" * 100, "Ünïcode 'n, odd: (1) & spaced;"])
def test_long_and_odd_names(folder: Path, name: str) -> None:
    folder.mkdir()
    database = start(folder / name)
    assert value(database.app_url, "SELECT 1") == 1
    assert stat.S_IMODE(socket_folder(database).stat().st_mode) == 0o700
    release(database)
    if folder not in socket_folder(database).parents:
        socket_folder(database).rmdir()


def test_names_that_a_shell_would_read_are_refused(folder: Path) -> None:
    with pytest.raises(EmbeddedDatabaseError, match="plainer name"):
        start(folder / "$(id)")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedDatabaseError, match=r"cannot be made.*FRONTDESK_DATA"):
        start(tmp_path / "file" / "data")


def test_starting_is_quick(folder: Path) -> None:
    """Alone it takes 0.8 s the first time and 0.1 s afterwards; the bounds leave room for a busy machine."""
    assert _time_start(folder) < 20
    assert min(_time_start(folder) for _ in range(3)) < 2


def _time_start(folder: Path) -> float:
    before = time.monotonic()
    database = start(folder)
    took = time.monotonic() - before
    release(database)
    return took


def test_the_server_keeps_what_it_has_read_in_a_share_of_the_memory(folder: Path) -> None:
    database = start(folder)
    try:
        size = "SELECT setting::int FROM pg_settings WHERE name = 'shared_buffers'"
        assert value(database.app_url, size) == buffers_mb() * 128  # blocks of 8 kB
    finally:
        release(database)
    assert DEFAULT_MB <= buffers_mb() <= MOST_MB


@pytest.mark.parametrize(("limit", "share"), [("1073741824\n", 256), ("4096\n", DEFAULT_MB)])
def test_a_container_is_not_filled(tmp_path: Path, limit: str, share: int) -> None:
    (tmp_path / "memory.max").write_text(limit)
    assert buffers_mb([tmp_path / "memory.max"]) == share


def test_without_a_limit_the_machine_is_the_limit(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert buffers_mb([tmp_path / "memory.max", tmp_path / "missing"]) == buffers_mb([])
