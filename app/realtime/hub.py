"""The hub: who watches which topic in this process.

A mailbox holds the set of watched topics that have changed since it was last emptied: constant memory, whatever
happens. The backstop reads the heads of all watched topics from the database and marks those that moved.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.realtime.bus import SignalBus

log = logging.getLogger(__name__)

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
    def __init__(self, bus: SignalBus, *, backstop_s: float = 1.0) -> None:
        self._watchers: dict[str, set[Mailbox]] = defaultdict(set)
        self._readers: dict[str, HeadReader] = {}
        self._heads: dict[str, object] = {}
        self._backstop_s = backstop_s
        bus.deliver_to(self.mark)

    def read_heads(self, prefix: str, reader: HeadReader) -> None:
        """Registers how the heads of topics `prefix:…` are read."""
        self._readers[prefix] = reader

    @contextmanager
    def watch(self, org_id: UUID, topics: Sequence[str]) -> Iterator[Mailbox]:
        mailbox = Mailbox(org_id, frozenset(topics))
        for topic in mailbox.topics:
            self._watchers[topic].add(mailbox)
        try:
            yield mailbox
        finally:
            for topic in mailbox.topics:
                self._leave(topic, mailbox)

    def _leave(self, topic: str, mailbox: Mailbox) -> None:
        watchers = self._watchers[topic]
        watchers.discard(mailbox)
        if not watchers:
            del self._watchers[topic]
            self._heads.pop(topic, None)

    def mark(self, topic: str) -> None:
        for mailbox in self._watchers.get(topic, ()):
            mailbox.mark(topic)

    def mailboxes(self) -> set[Mailbox]:
        return {mailbox for watchers in self._watchers.values() for mailbox in watchers}

    async def run_backstop(self) -> None:
        """Compares what is watched with the database, for ever."""
        while True:
            await asyncio.sleep(self._backstop_s)
            try:
                await self.check_heads()
            except (SQLAlchemyError, OSError) as error:
                log.warning("The realtime backstop cannot read the database and tries again: %s", error)

    async def check_heads(self) -> None:
        for (org_id, prefix), topics in self._watched().items():
            heads = await self._readers[prefix](org_id, topics)
            for topic, head in heads.items():
                # The first look marks too: what happened between a client's read and this look would be missed.
                if self._heads.get(topic) != head:
                    self._heads[topic] = head
                    self.mark(topic)

    def _watched(self) -> dict[tuple[UUID, str], list[str]]:
        watched: dict[tuple[UUID, str], list[str]] = defaultdict(list)
        for topic, mailboxes in self._watchers.items():
            prefix = topic.partition(":")[0]
            if prefix in self._readers and mailboxes:
                watched[next(iter(mailboxes)).org_id, prefix].append(topic)
        return dict(watched)
