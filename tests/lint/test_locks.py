"""What is installed is what is locked, and a lock says what, not from where."""

import re
from pathlib import Path

import pytest

from tests.lint.project import ROOT, files_of, read

WANTED = files_of(".in", under="requirements/")


def _name(requirement: str) -> str:
    return re.split(r"[\[;<>=~! ]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_every_wanted_package_is_locked(wanted: Path) -> None:
    names = {_name(line) for line in read(wanted).splitlines() if line and line[0] not in "#-"}
    locked = {
        _name(line) for line in read(wanted.with_suffix(".lock")).splitlines() if line and line[0].isalnum()
    }
    assert not names - locked, (
        f"{wanted} asks for {names - locked}, which its lock does not have: run `make lock`."
    )


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_every_locked_package_has_a_version_and_hashes(wanted: Path) -> None:
    lock = wanted.with_suffix(".lock")
    packages = re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", read(lock), flags=re.MULTILINE))
    loose = [
        package.split()[0] for package in packages if "==" not in package or "--hash=sha256:" not in package
    ]
    assert not loose, (
        f"{lock} does not pin {loose} with hashes, so anything could be installed: run `make lock`."
    )


def test_the_development_lock_holds_the_same_versions() -> None:
    app, dev = (
        set(re.findall(r"^\S+==\S+", read(f"requirements/{name}.lock"), re.MULTILINE))
        for name in ("app", "dev")
    )
    assert app <= dev, f"Tests would run with other versions than the service, {app - dev}: run `make lock`."


def test_the_lock_of_the_browser_code_has_no_addresses() -> None:
    locks = [path for path in (ROOT / "widget").glob("package-lock.json") if '"resolved"' in path.read_text()]
    assert not locks, (
        f"{locks} say where packages were fetched: npm install --omit-lockfile-registry-resolved."
    )
