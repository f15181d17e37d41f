"""How many streams may be open at a time: for one visitor or member, from one address, in one organisation.

Counted in this process. Several processes share the readers among them, so each counts its own.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from app.kit.errors import TooManyRequests

PER_READER = 12
PER_ADDRESS = 300
PER_ORGANISATION = 5000
RETRY_AFTER_S = 30


class TooManyStreams(TooManyRequests):
    """Too many live streams are open. Close some pages, or ask for events without a stream."""

    code = "too_many_streams"
    title = "Too many open streams"


@dataclass(frozen=True)
class Reader:
    """Whose stream it is: `id` is a visitor's or a member's."""

    org_id: UUID
    id: UUID
    address: str

    def caps(self) -> list[tuple[str, int, str]]:
        """For each cap its key, how many streams it allows, and who has too many."""
        return [
            (f"reader:{self.id}", PER_READER, "you"),
            (f"address:{self.org_id}:{self.address}", PER_ADDRESS, "your network address"),
            (f"organisation:{self.org_id}", PER_ORGANISATION, "this organisation"),
        ]


class OpenStreams:
    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def hold(self, reader: Reader) -> Iterator[None]:
        """Counts a stream for as long as it is open. Raises TooManyStreams."""
        caps = reader.caps()
        for key, most, who in caps:
            if self._open.get(key, 0) >= most:
                raise TooManyStreams(
                    f"There are {most:,} live streams open for {who} already. Close some pages and try again.",
                    headers={"Retry-After": str(RETRY_AFTER_S)},
                )
        self._open.update(key for key, _, _ in caps)
        try:
            yield
        finally:
            for key, _, _ in caps:
                self._close(key)

    def _close(self, key: str) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]
