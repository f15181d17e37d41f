"""Rules of this project that no linter knows. Each says why, and what to do instead."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.lint.project import files_of, project_files, read

LINES = 300
# A longer file needs a reason.
LONGER: dict[str, str] = {}

# Who may read the environment, beside app/config.py.
ENVIRONMENT_READERS = {
    "app/kit/embedded/cluster.py": "the system's folder for sockets is no setting of ours",
    "app/kit/embedded/home.py": "the system's folder for a user's data is no setting of ours",
    "ingest/readers/ocr.py": "tells a library where its models are, in a process of its own",
}

# Put together here, so that this file does not break its own rule.
REGISTRIES = [
    "pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "yarnpkg" + r"\.com",
    "ghcr" + r"\.io", "proxy" + r"\.golang\.org", "static" + r"\.crates\.io", "playwright" + r"\.azureedge\.net",
]  # fmt: skip
# Behind a letter, digit, dot, dash or slash it is part of something else, such as a page's address.
MACHINE_PATHS = [r"(?<![\w./-])/" + r"(work|root|Users)/\w", r"(?<![\w./-])/" + r"home/(?!you\b)\w"]


def test_only_the_transaction_commits() -> None:
    found = [
        f"{file}:{call.lineno}"
        for file in files_of(".py", under="app/")
        if str(file) != "app/kit/db.py"
        for call in _calls(file)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    ]
    assert not found, (
        f"{found} commit by themselves. One request or job is one transaction, so that all of it happens or nothing: "
        "leave the commit to `Database.transaction` in app/kit/db.py."
    )


def test_only_the_settings_read_the_environment() -> None:
    found = [
        f"{file}:{node.lineno}"
        for file in [*files_of(".py", under="app/"), *files_of(".py", under="ingest/")]
        if str(file) != "app/config.py" and str(file) not in ENVIRONMENT_READERS
        for node in ast.walk(ast.parse(read(file)))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
    ]
    assert not found, (
        f"{found} read the environment. A setting that is read elsewhere is neither checked nor documented: "
        "add it to app/config.py and docs/operations.md, and hand it down."
    )


def test_files_are_short() -> None:
    code = files_of(".py", ".ts", ".css", ".mjs", ".js", ".html", ".sh")
    long = {str(file): lines for file in code if (lines := read(file).count("\n")) > LINES}
    assert set(long) == set(LONGER), (
        f"{ {name: lines for name, lines in long.items() if name not in LONGER} } have more than {LINES} lines. "
        "Who opens a file should be able to hold it in mind: split it by subject, or add it to LONGER with a reason. "
        f"No longer long, so to be removed from LONGER: {set(LONGER) - set(long)}."
    )


def test_nothing_names_a_registry() -> None:
    found = list(_lines_with(REGISTRIES))
    assert not found, (
        f"{found} name a package registry. Where packages come from is a matter of each machine's own settings: "
        "leave addresses out, also of lock files (`make lock` does; for npm: omit-lockfile-registry-resolved=true)."
    )


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    found = list(_lines_with(MACHINE_PATHS))
    assert not found, (
        f"{found} name a folder of one machine: use a path relative to the project, or a setting."
    )


def _calls(file: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(read(file))) if isinstance(node, ast.Call))


def _lines_with(patterns: list[str]) -> Iterator[str]:
    wanted = re.compile("|".join(patterns))
    for file in project_files():
        for number, line in enumerate(read(file).splitlines(), start=1):
            if wanted.search(line):
                yield f"{file}:{number}"
