"""What the servers' logs may hold after a soak, and what not: an error that no fault explains fails the run."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

BEGINS = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?P<level>[A-Z]+) (?P<logger>\S+): ", re.MULTILINE
)
LAST = re.compile(r"^[\w.]+(?:Error|Exception|Exit|Interrupt)\b.{0,120}", re.MULTILINE)
GRAVE = {"ERROR", "CRITICAL"}


@dataclass(frozen=True)
class Entry:
    level: str
    logger: str
    text: str

    @property
    def grave(self) -> bool:
        """An error, or a traceback under any other name."""
        return self.level in GRAVE or "Traceback (most recent call last)" in self.text

    def __str__(self) -> str:
        """Its first line, and the exception where there is one."""
        raised = LAST.findall(self.text)
        said = f"{self.level} {self.logger}: {self.text.partition(chr(10))[0]}"[:200]
        return f"{said} … {raised[-1]}" if raised else said


@dataclass(frozen=True)
class Expected:
    """What a fault brings with it: which logger says what while a fault whose name begins so is on, and why."""

    fault: str
    logger: str
    says: str
    why: str


# How asyncpg puts it that the database went away under it, or is not there yet.
AWAY = r"asyncpg\.exceptions|InterfaceError|FileNotFoundError|ConnectionRefusedError|ConnectionResetError|TimeoutError"
EXPECTED = (
    Expected(
        "postgres",
        "asyncpg.pool",
        rf"Failed to restore the pool connection floor.*(?:{AWAY})",
        "the library's pool of the job queue logs each try to connect while the database is away",
    ),
    Expected(
        "postgres",
        "pgqueuer",
        rf"(?:Flush failed|Manager failed during shutdown|Failed to send heartbeat).*(?:{AWAY})",
        "the queue's library says that it could not write; the job's lease then runs out and somebody takes it over",
    ),
    Expected(
        "postgres",
        "pgqueuer",
        rf"Exception while processing.*in _dispatch\n\s+await self\.queries\.retry_job.*(?:{AWAY})",
        "a job could not be handed back, and is held until the worker's next probe hands it out again",
    ),
    Expected(
        "postgres",
        "asyncio",
        r"Task exception was never retrieved.*_terminate_graceful_close.*TimeoutError",
        "SQLAlchemy says goodbye to a connection whose database is gone, and looks at no answer",
    ),
)


def entries(log: str) -> list[Entry]:
    """The entries of a log. What stands before the first, such as the greeting, is an entry without a level."""
    begins = list(BEGINS.finditer(log))
    ends = [*(found.start() for found in begins[1:]), len(log)]
    head = log[: begins[0].start()] if begins else log
    return [Entry("", "", head)] + [
        Entry(found["level"], found["logger"], log[found.end() : end])
        for found, end in zip(begins, ends, strict=True)
    ]


def sort_out(log: str, faults: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """The errors that no fault of this run explains, and the reasons of those that one does; each how often."""
    struck = tuple(faults)
    grave = [entry for entry in entries(log) if entry.grave]
    reasons = [_reason(entry, struck) for entry in grave]
    wrong = Counter(str(entry) for entry, why in zip(grave, reasons, strict=True) if why is None)
    return wrong, Counter(why for why in reasons if why is not None)


def _reason(entry: Entry, struck: tuple[str, ...]) -> str | None:
    for known in EXPECTED:
        said = entry.logger == known.logger and re.search(known.says, entry.text, re.DOTALL)
        if said and any(fault.startswith(known.fault) for fault in struck):
            return known.why
    return None
