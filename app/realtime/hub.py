"""The hub: who watches which topic in this process.

A mailbox holds the set of watched topics that have changed since it was last emptied: constant memory, whatever
happens. The backstop reads the heads of all watched topics from the database and marks those that moved.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from app.kit.failures import database_is_away
from app.realtime.bus import SignalBus
from app.realtime.flights import Flights

log = logging.getLogger(__name__)

# A look that takes longer hangs on a dead connection, and is begun anew.
LOOK_S = 10.0

# From the watched topics of one organisation to the present head of each: a value that differs once it has changed.
HeadReader = Callable[[UUID, Sequence[str]], Awaitable[Mapping[str, object]]]


class Mailbox:
    def __init__(self, org_id: UUID, topics: frozenset[str]) -> None:
        self.org_id = org_id
        self.topics = topics
        self.closing: int | None = None
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()

    def mark(self, topic: str) -> None:
        self._dirty.add(topic)
        self._wake.set()

    def close(self, after_ms: int) -> None:
        """Asks the reader to leave and come back to another process, `after_ms` from now."""
        self.closing = after_ms
        self._wake.set()

    async def changed(self, *, within_s: float) -> frozenset[str]:
        """The topics that changed since the last call; empty when nothing did within `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return frozenset()
        self._wake.clear()
        dirty, self._dirty = frozenset(self._dirty), set()
        return dirty


class Hub:
    def __init__(self, bus: SignalBus) -> None:
        # Reads that several watchers of the same thing share.
        self.reads = Flights()
        self._bus = bus
        self._watchers: dict[str, set[Mailbox]] = {}
        self._readers: dict[str, HeadReader] = {}
        self._heads: dict[str, object] = {}
        self._followers: dict[str, tuple[Callable[[str], None], Callable[[str], None]]] = {}
        self._leave_within_ms: int | None = None
        self._look_now = asyncio.Event()
        bus.deliver_to(self.mark)

    def read_heads(self, prefix: str, reader: HeadReader) -> None:
        """Registers how the heads of topics `prefix:…` are read."""
        self._readers[prefix] = reader

    def on_watch(self, prefix: str, *, first: Callable[[str], None], last: Callable[[str], None]) -> None:
        """Calls `first` when a topic `prefix:…` is first watched in this process, `last` when it no longer is."""
        self._followers[prefix] = (first, last)

    @contextmanager
    def watch(self, org_id: UUID, topics: Sequence[str]) -> Iterator[Mailbox]:
        mailbox = Mailbox(org_id, frozenset(topics))
        for topic in mailbox.topics:
            self._enter(topic, mailbox)
        if self._leave_within_ms is not None:
            self._ask_to_leave(mailbox)
        try:
            yield mailbox
        finally:
            for topic in mailbox.topics:
                self._leave(topic, mailbox)

    def _enter(self, topic: str, mailbox: Mailbox) -> None:
        new = topic not in self._watchers
        self._watchers.setdefault(topic, set()).add(mailbox)
        if new and (followers := self._followers.get(_prefix(topic))):
            followers[0](topic)

    def _leave(self, topic: str, mailbox: Mailbox) -> None:
        watchers = self._watchers[topic]
        watchers.discard(mailbox)
        if watchers:
            return
        del self._watchers[topic]
        self._heads.pop(topic, None)
        if followers := self._followers.get(_prefix(topic)):
            followers[1](topic)

    def is_watched(self, topic: str) -> bool:
        return topic in self._watchers

    def watched(self, prefix: str) -> list[str]:
        """The topics `prefix:…` that are watched now."""
        return [topic for topic in self._watchers if _prefix(topic) == prefix]

    def know(self, topic: str, head: object, mailbox: Mailbox) -> None:
        """Tells which head a reader has read since it began to watch `topic`: only another one is news to them."""
        if self._heads.setdefault(topic, head) != head:
            mailbox.mark(topic)

    def mark(self, topic: str) -> None:
        for mailbox in self._watchers.get(topic, ()):
            mailbox.mark(topic)

    def mark_all(self) -> None:
        """Signals may have been lost: the backstop looks at once, and what it does not read counts as changed.

        Not everybody for themselves: where Redis comes and goes because the machine is busy, that would keep it so.
        """
        self._look_now.set()
        for topic in self._watchers:
            if _prefix(topic) not in self._readers:
                self.mark(topic)

    @property
    def draining(self) -> bool:
        """Whether this process is about to leave."""
        return self._leave_within_ms is not None

    def drain(self, within_ms: int) -> None:
        """Asks every reader, and whoever still comes, to leave and come back to another process, each at a time of
        their own.
        """
        self._leave_within_ms = within_ms
        for mailbox in {mailbox for watchers in self._watchers.values() for mailbox in watchers}:
            self._ask_to_leave(mailbox)

    def _ask_to_leave(self, mailbox: Mailbox) -> None:
        mailbox.close(after_ms=random.randrange(self._leave_within_ms or 1))  # noqa: S311 (spreads load, hides nothing)

    async def run_backstop(self) -> None:
        """Compares what is watched with the database, for ever: it carries the guarantee, so no failure ends it."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._bus.backstop_s):
                    await self._look_now.wait()
            self._look_now.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self.check_heads()
            except Exception as error:  # whatever it was, the next look may succeed
                trouble = None if database_is_away(error) else error
                log.warning("The backstop could not look and tries again: %s", error, exc_info=trouble)

    async def check_heads(self) -> None:
        for (org_id, prefix), topics in self._watched().items():
            heads = await self._readers[prefix](org_id, topics)
            for topic, head in heads.items():
                if topic not in self._watchers:
                    continue
                # The first look marks too, unless a reader has told what they read: what has happened since they read
                # and before this look would be missed.
                if self._heads.get(topic) != head:
                    self._heads[topic] = head
                    self.mark(topic)

    def _watched(self) -> dict[tuple[UUID, str], list[str]]:
        watched: dict[tuple[UUID, str], list[str]] = defaultdict(list)
        for topic, mailboxes in self._watchers.items():
            prefix = _prefix(topic)
            if prefix in self._readers:
                watched[next(iter(mailboxes)).org_id, prefix].append(topic)
        return dict(watched)


def _prefix(topic: str) -> str:
    return topic.partition(":")[0]
