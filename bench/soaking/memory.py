"""What the server processes hold in memory, second by second, and whether it goes on growing once they are warm.

Measured on two servers with 20 visitors and no faults, five messages a second for four minutes: within the first minute
60 MB come with the first questions (search, tokens, each connection's prepared statements); from then on 0.8 and 1.4 MB
a minute, and ever less. A leak of one conversation's events and text, 20 kB, at that pace would be 6 MB a minute.
With everything breaking it takes longer: each restart of the database brings new connections, which remember their
statements anew. So the growth is told from a minute on, or from the half of a shorter life, and held against a process
only where it lived for four.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.soaking.world import Server

Samples = Sequence[tuple[float, int]]

# A process is measured once it has warmed up, or in the second half of a life that is too short for that.
WARM_S = 60.0
# Fewer samples than this tell nothing.
LEAST_SAMPLES = 10
# A process that lived for so long may not grow any more.
GROWN_S = 240.0
MAY_GROW_MB_PER_MINUTE = 6.0


@dataclass
class Memory:
    """Samples of each life of each server: when, and how many resident bytes."""

    lives: dict[tuple[int, int], list[tuple[float, int]]] = field(default_factory=dict)

    async def watch(self, servers: Sequence[Server]) -> None:
        """Looks every second, until cancelled."""
        while True:
            for number, server in enumerate(servers):
                if (held := server.memory) is not None:
                    self.lives.setdefault((number, server.starts), []).append((time.monotonic(), held))
            await asyncio.sleep(1)

    def steepest(self) -> float | None:
        """Of all lives the one that grew most, in megabytes a minute; None where none was long enough to tell."""
        slopes = [found for samples in self.lives.values() if (found := slope(samples)) is not None]
        return round(max(slopes), 2) if slopes else None

    def too_steep(self) -> float | None:
        """The steepest growth of those that lived for long enough to be judged, where it is more than may be."""
        grown = [held for held in self.lives.values() if held[-1][0] - held[0][0] >= GROWN_S]
        steep = [found for held in grown if (found := slope(held) or 0.0) > MAY_GROW_MB_PER_MINUTE]
        return round(max(steep), 2) if steep else None

    def summary(self) -> list[dict[str, int]]:
        """Of each life: for how many seconds it was watched, what it held when warm and in the end, in megabytes."""
        return [_summary(samples) for samples in self.lives.values()]


def slope(samples: Samples) -> float | None:
    """Megabytes a minute that a process grew, by least squares; None where it did not live long enough to tell."""
    begins = samples[0][0] + min(WARM_S, (samples[-1][0] - samples[0][0]) / 2)
    warm = [(at, held) for at, held in samples if at >= begins]
    if len(warm) < LEAST_SAMPLES:
        return None
    middle_at = sum(at for at, _ in warm) / len(warm)
    middle = sum(held for _, held in warm) / len(warm)
    above = sum((at - middle_at) * (held - middle) for at, held in warm)
    below = sum((at - middle_at) ** 2 for at, _ in warm)
    return above / below * 60 / 1e6


def _summary(samples: Samples) -> dict[str, int]:
    warm = next((held for at, held in samples if at >= samples[0][0] + WARM_S), samples[-1][1])
    return {
        "seconds": round(samples[-1][0] - samples[0][0]),
        "warm": round(warm / 1e6),
        "end": round(samples[-1][1] / 1e6),
    }
