"""The processes that read files, as the system shows them."""

import asyncio
import contextlib
from pathlib import Path


def children(of: int | str = "self") -> set[int]:
    """Reading processes of this one or another, by pid."""
    found = set()
    for task in Path(f"/proc/{of}/task").iterdir():
        with contextlib.suppress(OSError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return {pid for pid in found if "ingest.child" in command_of(pid)}


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


async def started_child(of: int | str = "self", *, within_s: float = 5) -> int:
    """The pid of a child that has begun to read: it has set its own limits by then."""
    async with asyncio.timeout(within_s):
        while True:
            for pid in children(of):
                if has_begun(pid):
                    return pid
            await asyncio.sleep(0.01)


def has_begun(pid: int) -> bool:
    with contextlib.suppress(OSError):
        limits = Path(f"/proc/{pid}/limits").read_text()
        return limits.split("Max core file size")[1].split()[:2] == ["0", "0"]
    return False
