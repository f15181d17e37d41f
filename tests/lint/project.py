"""The project's own files: what is or will be committed, not what was installed or built."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".venv", ".frontdesk", ".git", "node_modules", "__pycache__", "static"}


@cache
def project_files() -> tuple[Path, ...]:
    """Every file, relative to the project; of a checkout what git does not ignore, else what `make` did not make."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = {Path(name) for name in listed.stdout.split("\0") if name}
    else:
        names = {path.relative_to(ROOT) for path in ROOT.rglob("*")}
        names = {name for name in names if not MADE.intersection(name.parts) and "cache" not in name.parts[0]}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def read(name: Path | str) -> str:
    """The text of a file of the project; of a picture or a font, whatever of it is text."""
    return (ROOT / name).read_text(encoding="utf-8", errors="ignore")


def files_of(*suffixes: str, under: str = "") -> list[Path]:
    return [file for file in project_files() if file.suffix in suffixes and str(file).startswith(under)]
