"""Who is where for now: typing, looking, on the page, at the console. In memory, and gone by itself.

Each entry is a lease. Who stays is entered anew with every beat; who dies, or types no more, is dropped when the lease
runs out. Nothing here is stored, and nothing that must not be lost depends on it.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from app.realtime.bus import SignalBus

BEAT_S = 15.0
LEASE_S = 45.0
# How long somebody who leaves still counts as there: pages are left and opened again within it.
LINGER_S = 5.0
TICK_S = 1.0
# So many people in one place, and no more: the one whose lease ends first makes room.
MOST = 32


class Person(msgspec.Struct, frozen=True, array_like=True):
    """`kind` is visitor or agent; `id` tells people of one kind apart."""

    kind: str
    id: str
    name: str = ""


class Lease(NamedTuple):
    """`until` is a moment of this process's monotonic clock."""

    person: Person
    until: float


Leases = dict[str, dict[str, Lease]]


class Attendance:
    """Topic -> key -> lease. A key is a person's, or a stream's where somebody may be there several times."""

    def __init__(self, bus: SignalBus) -> None:
        self._bus = bus
        self._held: Leases = {}
        self._staying: dict[tuple[str, str], tuple[Person, int]] = {}

    def who(self, topic: str) -> list[Person]:
        """Everybody at `topic`, each once, by name. Of a topic that this process watches."""
        return people_of(self._leases(topic))

    async def settle(self, *watched: str) -> None:
        """Returns once what is known of these topics, watched here, can be told."""

    async def ask(self, topic: str) -> list[Person]:
        """The same for a topic that nobody here watches."""
        return self.who(topic)

    def keep(self, topic: str, key: str, person: Person, *, ttl_s: float = LEASE_S, most: int = MOST) -> None:
        """Enters somebody, or says that they are still there."""
        leases = self._held.setdefault(topic, {})
        before = leases.get(key)
        leases[key] = Lease(person, time.monotonic() + ttl_s)
        if len(leases) > most:
            del leases[min(leases, key=lambda other: leases[other].until)]
        if before is None or before.person != person:
            self._changed(topic)

    def left(self, topic: str, key: str) -> float:
        """How many seconds the lease that was entered here has left; 0 for none."""
        lease = self._held.get(topic, {}).get(key)
        return max(0.0, lease.until - time.monotonic()) if lease else 0.0

    def end(self, topic: str, key: str) -> None:
        leases = self._held.get(topic, {})
        if leases.pop(key, None) is None:
            return
        if not leases:
            del self._held[topic]
        self._changed(topic)

    @contextmanager
    def staying(self, topic: str, key: str, person: Person, *, most: int = MOST) -> Iterator[None]:
        """Keeps somebody at `topic` until the block ends, and a moment longer."""
        self._staying[topic, key] = person, most
        self.keep(topic, key, person, most=most)
        try:
            yield
        finally:
            del self._staying[topic, key]
            self.keep(topic, key, person, ttl_s=LINGER_S, most=most)

    async def run(self) -> None:
        """Renews who stays and drops whose lease has run out, for ever."""
        beat = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            if time.monotonic() - beat >= BEAT_S:
                beat = time.monotonic()
                self.renew()
            self.drop_expired()

    def renew(self) -> None:
        for (topic, key), (person, most) in list(self._staying.items()):
            self.keep(topic, key, person, most=most)

    def drop_expired(self) -> None:
        for topic in with_expired(self._held):
            drop_expired(self._held, topic)
            self._changed(topic)

    def _leases(self, topic: str) -> dict[str, Lease]:
        return self._held.get(topic, {})

    def _changed(self, topic: str) -> None:
        self._bus.publish(topic)


def people_of(leases: Mapping[str, Lease]) -> list[Person]:
    people = {lease.person for lease in leases.values()}
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))


def with_expired(held: Leases) -> list[str]:
    """The topics at which some lease has run out."""
    now = time.monotonic()
    return [topic for topic, leases in held.items() if any(lease.until <= now for lease in leases.values())]


def drop_expired(held: Leases, topic: str) -> None:
    now = time.monotonic()
    held[topic] = {key: lease for key, lease in held[topic].items() if lease.until > now}
    if not held[topic]:
        del held[topic]
