"""Who is where, told between processes by a real Redis, whose clock judges and whose loss is made good by a beat."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from app.realtime import attendance, topics
from app.realtime.presence import Presence, agent, visitor
from tests.realtime.conftest import Process, until
from tests.redis_server import RedisServer

Both = tuple[Process, Process]
ORG, TALK = UUID(int=1), UUID(int=2)
MAYA, ASKER = agent(UUID(int=3), "Maya Kaur"), visitor(UUID(int=5))
TYPING, ONLINE = topics.typing(TALK), topics.online(ORG)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "TICK_S", 0.02)
    monkeypatch.setattr(attendance, "BEAT_S", 0.3)


async def entered(redis: RedisServer, topic: str) -> int:
    async with Redis.from_url(redis.url) as client:
        return await client.hlen(topic)


async def test_typing_is_seen_elsewhere_and_ended_from_anywhere(both: Both) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [TYPING]) as mailbox, here.hub.watch(uuid4(), [TYPING]):
        here.presence.type(TALK, ASKER)
        await until(lambda: there.presence.typing(TALK) == here.presence.typing(TALK) == [ASKER])
        assert TYPING in await mailbox.changed(within_s=2)
        there.presence.stop_typing(TALK, ASKER)
        await until(lambda: there.presence.typing(TALK) == here.presence.typing(TALK) == [])
        assert TYPING in await mailbox.changed(within_s=2)


async def test_who_asks_without_watching_is_told(both: Both, redis: RedisServer) -> None:
    here, there = both
    with here.presence.at_console(ORG, MAYA, [TALK]), here.presence.on_page(TALK, ASKER):
        await until(lambda: not here.presence.attendance._unsent)  # type: ignore[attr-defined]
        while not await there.presence.is_online(ORG, UUID(MAYA.id)):
            pass
        while not await there.presence.is_on_page(TALK):
            pass
    assert await there.presence.online_ids(UUID(int=9)) == frozenset()


async def test_whose_process_dies_is_gone_when_the_lease_has_run_out(
    both: Both, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [ONLINE]):
        here.presence.attendance.keep(ONLINE, "stream", MAYA, ttl_s=0.5)
        await until(lambda: there.presence.online(ORG) == [MAYA])
        began = time.monotonic()
        await until(lambda: there.presence.online(ORG) == [])
        assert time.monotonic() - began > 0.2, "not before"
    assert await entered(redis, ONLINE) == 0, "nothing stays in Redis"


async def test_who_stays_never_blinks_however_long(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = both
    seen: set[tuple[str, ...]] = set()
    with there.hub.watch(uuid4(), [ONLINE]) as mailbox, here.presence.at_console(ORG, MAYA, []):
        await until(lambda: there.presence.online(ORG) == [MAYA])
        await mailbox.changed(within_s=1)
        # Leases so short that each has to be read anew several times.
        here.presence.attendance.keep(ONLINE, next(iter(_keys(here))), MAYA, ttl_s=0.4)
        began = time.monotonic()
        while time.monotonic() - began < 1.5:
            seen.add(tuple(person.name for person in there.presence.online(ORG)))
            await mailbox.changed(within_s=0.01)
    assert seen == {("Maya Kaur",)}


def _keys(process: Process) -> list[str]:
    return [key for _, key in process.presence.attendance._staying]


async def test_an_emptied_redis_is_whole_again_within_a_beat(both: Both, redis: RedisServer) -> None:
    here, there = both
    with here.presence.at_console(ORG, MAYA, []):
        await until_async(lambda: there.presence.is_online(ORG, UUID(MAYA.id)))
        await redis.flush()
        with there.hub.watch(uuid4(), [ONLINE]):
            await until(lambda: there.presence.online(ORG) == [MAYA], within_s=1)


async def test_a_redis_that_was_away_is_told_anew(both: Both, redis: RedisServer) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [ONLINE]), here.hub.watch(uuid4(), [ONLINE]):
        await redis.kill()
        await until(lambda: not here.bus.connected and not there.bus.connected)
        with here.presence.at_console(ORG, MAYA, []):
            assert here.presence.online(ORG) == [MAYA], "without Redis each process knows its own"
            assert there.presence.online(ORG) == []
            await redis.start()
            await until(lambda: there.presence.online(ORG) == [MAYA])


async def test_the_clock_of_a_process_is_of_no_account(
    both: Both, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 5 * 3600)
    with there.hub.watch(uuid4(), [TYPING]):
        here.presence.type(TALK, ASKER)
        await until(lambda: there.presence.typing(TALK) == [ASKER])
    async with Redis.from_url(redis.url) as client:
        seconds, _ = await client.time()
        (entry,) = (await client.hgetall(TYPING)).values()
        assert 0 < int(entry.split()[0]) / 1000 - seconds < 8
        assert 0 < await client.pttl(TYPING) <= 6000, "what nobody reads goes by itself"


async def test_at_most_so_many_are_entered_over_all_processes(both: Both, redis: RedisServer) -> None:
    for number in range(40):
        both[number % 2].presence.type(TALK, agent(UUID(int=100 + number), str(number)))
    await until(lambda: not any(process.presence.attendance._unsent for process in both))  # type: ignore[attr-defined]
    with both[0].hub.watch(uuid4(), [TYPING]):
        await until(lambda: len(both[0].presence.typing(TALK)) > 20)
    assert await entered(redis, TYPING) <= attendance.MOST


async def until_async(holds: Callable[[], object]) -> None:
    began = time.monotonic()
    while not await holds():  # type: ignore[misc]
        assert time.monotonic() - began < 5


async def test_an_entry_that_cannot_be_read_is_passed_over(both: Both, redis: RedisServer) -> None:
    async with Redis.from_url(redis.url) as client:
        seconds, _ = await client.time()
        await client.hset(TYPING, mapping={"new": f"{(seconds + 5) * 1000} {{}}"})
    with both[0].hub.watch(uuid4(), [TYPING]):
        both[0].presence.type(TALK, ASKER)
        await until(lambda: both[0].presence.typing(TALK) == [ASKER])


async def test_what_nobody_watches_is_not_held(both: Both) -> None:
    here, there = both
    with there.hub.watch(uuid4(), [TYPING]):
        here.presence.type(TALK, ASKER)
        await until(lambda: there.presence.typing(TALK) == [ASKER])
    assert there.presence.attendance._mirror == {}  # type: ignore[attr-defined]
    assert isinstance(there.presence, Presence)
