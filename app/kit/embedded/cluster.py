"""One PostgreSQL server over one folder: made, started, joined, stopped.

Whether it runs is told by a lock, not by a process id: each of the server's processes inherits the
descriptor that holds `server.lock`, so the lock is free exactly when the last of them is gone. Process ids
are used again after a restart of the machine, and mean nothing from one container to the next.
"""

import hashlib
import os
import re
import shlex
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from app.kit.embedded.home import (
    EmbeddedDatabaseError,
    Home,
    make_private_folder,
    read_own_file,
    write_own_file,
)
from app.kit.embedded.locks import held_by_anybody, hold_alone
from app.kit.embedded.memory import buffers_mb
from app.kit.embedded.programs import MAJOR, Programs, failure, run

START_S = 120
STOP_S = 60
LOG_LIMIT = 10_000_000
# The address of a Unix socket holds 107 bytes on Linux and 103 on macOS, the socket's own name included.
SOCKET_LIMIT = 103
SOCKET = ".s.PGSQL.5432"
# Commas separate folders in PostgreSQL's setting and hosts in a URL; colons separate ports.
PLAIN_PATH = re.compile(r"[\w./+@=-]+")

SETTINGS = {
    "listen_addresses": "",
    # Each process of ours may hold 31, four of them for its queue (app/kit); idle ones cost little.
    "max_connections": "300",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


def ensure_running(home: Home, programs: Programs, *, superuser_password: str) -> Path:
    """The socket folder of the running server. The caller holds the start lock."""
    deadline = time.monotonic() + START_S
    while (server := hold_alone(home.lock("server"))) is None:
        if sockets := _answering(home):
            return sockets
        # Its starter was killed and it is starting still, or its main process was killed and it is ending.
        if time.monotonic() > deadline:
            raise failure(home, "answer", "")
        time.sleep(0.05)
    try:
        _check_version(home)
        if not home.cluster.exists():
            _create(home, programs, superuser_password)
        return _start(home, programs, server)
    finally:
        os.close(server)


def stop(home: Home, programs: Programs) -> None:
    """Stops the server, if it runs, and waits for it: open transactions are rolled back."""
    if held_by_anybody(home.lock("server")):
        how = (f"--pgdata={home.cluster}", "--mode=fast", "--wait", f"--timeout={STOP_S}")
        run(home, programs, "pg_ctl", "stop", *how, task="stop")


def _answering(home: Home) -> Path | None:
    """The socket folder of a server that is ready. It may lie elsewhere than we would put it today."""
    lines = _process_file(home)
    if [line.strip() for line in lines[7:8]] != ["ready"]:
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(Path(lines[4]) / SOCKET))
        except OSError:
            return None
    return Path(lines[4])


def _process_file(home: Home) -> list[str]:
    """postmaster.pid: process id, data folder, start time, port, socket folder, address, memory, state."""
    return (read_own_file(home.cluster / "postmaster.pid", home.account) or "").splitlines()


def _check_version(home: Home) -> None:
    version = read_own_file(home.cluster / "PG_VERSION", home.account)
    if version is not None and version.strip() != str(MAJOR):
        raise EmbeddedDatabaseError(
            f"The data in {home.cluster} was made by PostgreSQL {version.strip()}, "
            f"and this Frontdesk brings {MAJOR}. Start the Frontdesk that made it, save the data with "
            "pg_dump, move the folder away, start this one and load the data with pg_restore; "
            "or set FRONTDESK_DATA to a new folder to begin anew."
        )


def _create(home: Home, programs: Programs, superuser_password: str) -> None:
    """Makes the data aside and moves it into place when whole: an interruption leaves nothing half made."""
    draft = home.folder / "cluster.new"
    password_file = home.folder / "superuser-password"
    if draft.exists():
        shutil.rmtree(draft)
    (home.folder / "roles-made").unlink(missing_ok=True)
    make_private_folder(draft, home.account)
    write_own_file(password_file, superuser_password, home.account)
    try:
        run(
            home, programs, "initdb", f"--pgdata={draft}", "--username=postgres", f"--pwfile={password_file}",
            "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", task="make a database",
        )  # fmt: skip
    finally:
        password_file.unlink()
    draft.rename(home.cluster)


def _start(home: Home, programs: Programs, server: int) -> Path:
    sockets = _socket_folder(home)
    _clear_leftovers(home, sockets)
    _trim_log(home)
    settings = SETTINGS | {
        "unix_socket_directories": f'"{sockets}"',
        "shared_buffers": f"{buffers_mb()}MB",
    }
    options = shlex.join(f"--{name}={value}" for name, value in settings.items())
    where = (f"--pgdata={home.cluster}", f"--log={home.log}", f"--options={options}")
    how = ("--wait", f"--timeout={START_S}")
    run(home, programs, "pg_ctl", "start", *how, *where, task="start", keep=(server,))
    return sockets


def _clear_leftovers(home: Home, sockets: Path) -> None:
    """Removes the lock files of a server whose process is dead but not reaped, or is another program by now.

    PostgreSQL would take either for a running server and refuse to start. Only Linux tells them apart this way.
    """
    number = "".join(_process_file(home)[:1]).strip()
    if number.isdigit() and Path("/proc/self/cmdline").exists():
        arguments = b""
        with suppress(FileNotFoundError, ProcessLookupError):
            arguments = Path(f"/proc/{number}/cmdline").read_bytes()
        if os.fsencode(home.cluster) not in arguments.split(b"\0"):
            for left in (home.cluster / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
                left.unlink(missing_ok=True)


def _trim_log(home: Home) -> None:
    with suppress(FileNotFoundError):
        if home.log.lstat().st_size > LOG_LIMIT:
            home.log.replace(home.log.with_suffix(".log.1"))


def _socket_folder(home: Home) -> Path:
    """In the data folder; under a short name elsewhere if that path is too long or too odd for a socket."""
    inside = home.folder / "socket"
    return make_private_folder(inside if _fits(inside) else _short_folder(home), home.account)


def _short_folder(home: Home) -> Path:
    name = f"frontdesk-{hashlib.sha256(os.fsencode(home.folder)).hexdigest()[:12]}"
    first = "/run" if home.account else os.environ.get("XDG_RUNTIME_DIR")
    places = [Path(place) for place in (first, tempfile.gettempdir(), "/tmp") if place]  # noqa: S108
    for place in places:
        if place.is_dir() and _fits(place / name):
            return place / name
    raise EmbeddedDatabaseError(
        f"The path {home.folder} is too long for a socket, and none of {', '.join(map(str, places))} "
        "can hold one. Set FRONTDESK_DATA to a folder with a shorter path."
    )


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= SOCKET_LIMIT and PLAIN_PATH.fullmatch(str(folder)) is not None
