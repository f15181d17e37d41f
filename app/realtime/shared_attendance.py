"""Who is where, known to several processes through Redis, whose clock alone says when a lease has run out.

What is entered goes to Redis, and what is watched here is a mirror of what stands there: read when it is first
watched, when Redis signals a change, and when a lease seems to have run out. While Redis is away, a process knows the
people who are connected to it, and of the others what it knew last; every beat and every new connection enter
everybody anew, so an emptied Redis is whole again within a beat.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import msgspec

from app.realtime.attendance import (
    LEASE_S,
    MOST,
    Attendance,
    Lease,
    Person,
    drop_expired,
    people_of,
    with_expired,
)
from app.realtime.flights import Flights
from app.realtime.hub import Hub
from app.realtime.redis_bus import RedisBus, channel_of

PREFIXES = ("typing", "viewing", "online")
NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)"
# Entry: field -> {until in ms of Redis's clock, person}. A signal only where somebody came or went.
KEEP = f"""
{NOW}
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], (now + ARGV[2]) .. ' ' .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then
    local first, ends
    local all = redis.call('HGETALL', KEYS[1])
    for i = 1, #all, 2 do
        local till = tonumber(string.match(all[i + 1], '^%d+'))
        if not ends or till < ends then first, ends = all[i], till end
    end
    redis.call('HDEL', KEYS[1], first)
end
if not before or tonumber(string.match(before, '^%d+')) <= now or string.match(before, ' .*') ~= ' ' .. ARGV[3] then
    redis.call('PUBLISH', ARGV[5], ARGV[6])
end
"""
END = "if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end"
READ = f"""
{NOW}
local found = {{}}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
    local till, person = string.match(all[i + 1], '^(%d+) (.*)$')
    if till and tonumber(till) <= now then redis.call('HDEL', KEYS[1], all[i])
    elseif till then found[#found + 1] = {{all[i], tonumber(till) - now, person}} end
end
return found
"""


class Entry(NamedTuple):
    person: Person
    ttl_s: float
    most: int


class SharedAttendance(Attendance):
    def __init__(self, bus: RedisBus, hub: Hub) -> None:
        super().__init__(bus)
        self._redis = bus
        self._hub = hub
        self._mirror: dict[str, dict[str, Lease]] = {}
        self._unsent: dict[tuple[str, str], Entry | None] = {}
        self._flights = Flights()
        for prefix in PREFIXES:
            bus.load_before(prefix, self._read_soon)
            hub.on_watch(prefix, first=self._read_soon, last=self._forget)
        bus.on_renewed(self._renewed)

    async def settle(self, *watched: str) -> None:
        for topic in watched:
            if self._redis.connected and topic not in self._mirror:
                await self._flights.share(topic, partial(self._read, topic))

    async def ask(self, topic: str) -> list[Person]:
        found = await self._found(topic)
        return self.who(topic) if found is None else people_of(found)

    def keep(self, topic: str, key: str, person: Person, *, ttl_s: float = LEASE_S, most: int = MOST) -> None:
        super().keep(topic, key, person, ttl_s=ttl_s, most=most)
        self._send_soon(topic, key, Entry(person, ttl_s, most))

    def end(self, topic: str, key: str) -> None:
        super().end(topic, key)
        if self._mirror.get(topic, {}).pop(key, None):
            self._changed(topic)
        self._send_soon(topic, key, None)

    def drop_expired(self) -> None:
        super().drop_expired()
        for topic in with_expired(self._mirror):
            # It may have been renewed meanwhile: that is not signalled.
            if self._redis.connected:
                self._read_soon(topic)
            else:
                self._drop(topic)

    def _leases(self, topic: str) -> dict[str, Lease]:
        mirror = self._mirror.get(topic)
        if mirror is not None and self._redis.connected:
            return mirror
        return (mirror or {}) | super()._leases(topic)

    def _changed(self, topic: str) -> None:
        """Only here: the others hear of it from Redis, as it is entered there."""
        self._hub.mark(topic)

    def _renewed(self) -> None:
        self.renew()
        for prefix in PREFIXES:
            for topic in self._hub.watched(prefix):
                self._read_soon(topic)

    def _send_soon(self, topic: str, key: str, entry: Entry | None) -> None:
        if self._redis.connected:
            self._unsent[topic, key] = entry
            self._flights.begin("send", self._send)

    async def _send(self) -> None:
        unsent, self._unsent = self._unsent, {}
        await self._redis.execute(partial(_enter, unsent))

    def _read_soon(self, topic: str) -> None:
        if self._redis.connected and self._hub.is_watched(topic):
            self._flights.begin(topic, partial(self._read, topic))

    async def _read(self, topic: str) -> None:
        found = await self._found(topic)
        if not self._hub.is_watched(topic):
            return
        if found is None:
            self._drop(topic)
        else:
            before, self._mirror[topic] = self._mirror.get(topic, {}), found
            if people_of(before) != people_of(found):
                self._hub.mark(topic)

    async def _found(self, topic: str) -> dict[str, Lease] | None:
        """Who is at `topic` as Redis has it; None while it cannot say."""
        answers = await self._redis.execute(lambda pipe: pipe.eval(READ, 1, topic))
        return None if answers is None else _decoded(answers[0])

    def _drop(self, topic: str) -> None:
        if topic in with_expired(self._mirror):
            drop_expired(self._mirror, topic)
            self._changed(topic)

    def _forget(self, topic: str) -> None:
        self._mirror.pop(topic, None)


def _enter(entries: Mapping[tuple[str, str], Entry | None], pipe: Any) -> None:
    for (topic, key), entry in entries.items():
        # As from nobody: this process, too, takes what has changed from Redis alone.
        told = channel_of(topic), f"- {topic}"
        if entry is None:
            pipe.eval(END, 1, topic, key, *told)
        else:
            person = msgspec.json.encode(entry.person)
            pipe.eval(KEEP, 1, topic, key, round(entry.ttl_s * 1000), person, entry.most, *told)


def _decoded(rows: Iterable[tuple[bytes, int, bytes]]) -> dict[str, Lease]:
    """What can be read of the entries: a version to come may keep others there."""
    found, now = {}, time.monotonic()
    for key, left_ms, body in rows:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            person = msgspec.json.decode(body, type=Person)
            found[key.decode()] = Lease(person, now + left_ms / 1000)
    return found
