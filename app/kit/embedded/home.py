"""Where the embedded database lives, and whom its files belong to.

Under an ordinary user everything is that user's. PostgreSQL refuses to run as root, so under root it runs as
a system user of its own, who gets the folders that it writes and no others: the data folder itself, the
passwords and the locks stay root's.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERVICE_USER = "frontdesk"
SERVICE_FOLDER = Path("/var/lib/frontdesk")
PROJECT = Path(__file__).resolve().parents[3]


class EmbeddedDatabaseError(Exception):
    """The embedded database cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The system user that PostgreSQL runs as under root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class LockFile:
    path: Path

    def open(self) -> int:
        return _open_own(self.path, os.O_RDWR | os.O_CREAT, os.geteuid())


@dataclass(frozen=True)
class Home:
    """The data folder, absolute. `account` is None where PostgreSQL runs as the user who started us."""

    folder: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.cluster / "server.log"

    def lock(self, name: str) -> LockFile:
        return LockFile(self.folder / f"{name}.lock")


def default_folder() -> Path:
    """/var/lib/frontdesk under root; `.frontdesk` in the project; for an installed package the user's own."""
    if os.geteuid() == 0:
        return SERVICE_FOLDER
    if (PROJECT / "pyproject.toml").is_file():
        return PROJECT / ".frontdesk"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "frontdesk"


def prepare_home(data: Path | None) -> Home:
    """Makes the data folder where it is missing; leaves the rights of every existing folder as they are."""
    folder = (data or default_folder()).expanduser().resolve()
    _check_name(folder)
    account = _service_account() if os.geteuid() == 0 else None
    make_data_folder(folder, account)
    if account:
        _check_reach(folder, account)
    return Home(folder, account)


def make_data_folder(folder: Path, account: Account | None) -> None:
    """A new folder is closed to everybody but us; the service user may pass through it and no more."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    except OSError as error:
        raise EmbeddedDatabaseError(
            f"The data folder {folder} cannot be made: {error.strerror}. "
            "Set FRONTDESK_DATA to a folder that you may write to, or DATABASE_URL to a database of your own."
        ) from error
    if account:
        os.chown(folder, 0, account.gid)
        folder.chmod(0o710)


def make_private_folder(folder: Path, account: Account | None) -> Path:
    """A folder that PostgreSQL alone may enter, new or made by us before; never a link planted there."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
            raise _somebody_elses(folder) from None
    else:
        if account:
            os.chown(folder, account.uid, account.gid)
    return folder


def read_own_file(path: Path, account: Account | None = None) -> str | None:
    """The text of a file that belongs to us, or to `account` if given; None where there is no file."""
    try:
        descriptor = _open_own(path, os.O_RDONLY, account.uid if account else os.geteuid())
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read()


def write_own_file(path: Path, text: str, account: Account | None = None) -> None:
    """Writes a file, whole or not at all, that its owner alone may read: we, or `account` if given."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
        if account:
            os.fchown(descriptor, account.uid, account.gid)
    draft.replace(path)


def _open_own(path: Path, flags: int, owner: int) -> int:
    """A descriptor of a file that belongs to `owner`. A link is refused: it could lead anywhere."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(descriptor).st_uid == owner:
        return descriptor
    os.close(descriptor)
    raise _somebody_elses(path)


def _check_name(folder: Path) -> None:
    if unsafe_in_shell(folder):
        raise EmbeddedDatabaseError(
            f"PostgreSQL cannot be started in {folder}: that name holds a quote, a dollar sign, a backslash "
            "or a line break. Set FRONTDESK_DATA to a folder with a plainer name."
        )


def unsafe_in_shell(path: Path) -> bool:
    # initdb and pg_ctl hand paths to a shell in double quotes, where these do not stand for themselves.
    return bool(set('$`"\\\n') & set(str(path)))


def _service_account() -> Account:
    entry = _find_account() or _add_account()
    if entry.pw_uid == 0:
        raise EmbeddedDatabaseError(
            f"The user {SERVICE_USER} has root's id, and PostgreSQL must not run as root. Give it another."
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _find_account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return None


def _add_account() -> pwd.struct_passwd:
    reason = "useradd is not installed"
    if program := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        shell = shutil.which("nologin", path="/usr/sbin:/sbin") or "/bin/false"
        options = [
            "--system",
            "--user-group",
            "--no-create-home",
            f"--home-dir={SERVICE_FOLDER}",
            f"--shell={shell}",
        ]
        command = [program, *options, SERVICE_USER]
        reason = subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()  # noqa: S603
    # Another process may have added it at the same moment, so what counts is whether it is there.
    if entry := _find_account():
        return entry
    raise EmbeddedDatabaseError(
        f"PostgreSQL does not run as root, and the user {SERVICE_USER} for it cannot be added: {reason}. "
        f"Add a system user named {SERVICE_USER}, run Frontdesk as an ordinary user, or set DATABASE_URL."
    )


def _check_reach(folder: Path, account: Account) -> None:
    ways = [*reversed(folder.parents), folder]
    script = 'for way; do [ -x "$way" ] || { printf %s "$way"; exit 1; }; done'
    done = subprocess.run(  # noqa: S603 - a fixed script; the paths are its arguments
        ["/bin/sh", "-c", script, "sh", *map(str, ways)],
        user=account.uid, group=account.gid, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EmbeddedDatabaseError(
            f"PostgreSQL runs as the user {SERVICE_USER}, who cannot get to {folder}: {done.stdout} is "
            f"closed to that user, and Frontdesk opens no folders. Set FRONTDESK_DATA to a folder that "
            f"{SERVICE_USER} can reach, or leave it out to use {SERVICE_FOLDER}."
        )


def _somebody_elses(path: Path) -> EmbeddedDatabaseError:
    return EmbeddedDatabaseError(
        f"{path} belongs to somebody else, or is open to others, so it is not used. "
        "Find out what made it and remove it, or set FRONTDESK_DATA to another folder."
    )
