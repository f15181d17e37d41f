"""What the servers' logs may hold after a soak, and what not: an error that no fault explains fails the run."""

import re
from collections import Counter
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


# What a fault brings with it: the logger, what it says, and why that is no wrong of ours.
EXPECTED: tuple[tuple[str, str, str], ...] = ()


def entries(log: str) -> list[Entry]:
    """The entries of a log. What stands before the first, such as the greeting, is an entry without a level."""
    begins = list(BEGINS.finditer(log))
    ends = [*(found.start() for found in begins[1:]), len(log)]
    head = log[: begins[0].start()] if begins else log
    return [Entry("", "", head)] + [
        Entry(found["level"], found["logger"], log[found.end() : end])
        for found, end in zip(begins, ends, strict=True)
    ]


def unexpected(log: str) -> Counter[str]:
    """How often each error was logged that no fault explains."""
    return Counter(str(entry) for entry in entries(log) if entry.grave and not _expected(entry))


def explained(log: str) -> Counter[str]:
    """How often each reason explained an error."""
    reasons = (_expected(entry) for entry in entries(log) if entry.grave)
    return Counter(reason for reason in reasons if reason)


def _expected(entry: Entry) -> str | None:
    for logger, says, reason in EXPECTED:
        if entry.logger == logger and re.search(says, entry.text, re.DOTALL):
            return reason
    return None
