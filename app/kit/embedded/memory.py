"""How much memory the database may take to keep what it has read."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# A quarter of the machine's, or of the container's, as PostgreSQL's manual advises; never less than its own default.
# More than the most was not measured. It is taken as it is needed.
SHARE, DEFAULT_MB, MOST_MB = 0.25, 128, 1024
# Where Linux says what a container may take: control groups of the second and of the first kind.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def buffers_mb(limits: Sequence[Path] = LIMITS) -> int:
    return max(DEFAULT_MB, min(MOST_MB, int(_available(limits) * SHARE) >> 20))


def _available(limits: Sequence[Path]) -> int:
    """The machine's memory, or what limits leave of it, in bytes."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in limits:
        # There is no such file elsewhere, and where nothing is limited it says "max".
        with suppress(OSError, ValueError):
            found.append(int(limit.read_text()))
    return min(found)
