"""The proxy in front of Redis loses, doubles and delays signals, and nothing else; the servers' bus takes it."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest
from redis.asyncio import Redis

from app.main import beside
from app.realtime.redis_bus import RedisBus
from bench.signals import SignalProxy, frame_end, is_signal
from tests.redis_server import RedisServer


@pytest.fixture(scope="module")
async def redis() -> AsyncIterator[RedisServer]:
    async with RedisServer.running() as server:
        yield server


@pytest.fixture
async def proxy(redis: RedisServer) -> AsyncIterator[SignalProxy]:
    async with SignalProxy(redis.port, Random(0)).running() as proxy:  # noqa: S311 (of a test)
        yield proxy


async def heard(redis: RedisServer, proxy: SignalProxy, topics: list[str]) -> list[str]:
    """What a server behind the proxy hears of what another says, up to a last word that is not touched."""
    ears, mouth = RedisBus(proxy.url), RedisBus(redis.url)
    said: list[str] = []
    ears.deliver_to(said.append)
    async with beside(ears.run()), beside(mouth.run()), asyncio.timeout(10):
        while not (ears.connected and mouth.connected):
            await asyncio.sleep(0.01)
        for topic in topics:
            mouth.publish(topic)
        while proxy.counted.total() < len(topics):
            await asyncio.sleep(0.01)
        proxy.drops = proxy.doubles = proxy.delays = 0.0
        await asyncio.sleep(2.1 if proxy.counted["late"] else 0)
        mouth.publish("last:word")
        while "last:word" not in said:
            await asyncio.sleep(0.01)
    return said[:-1]


TOPICS = [f"conversation:{number}" for number in range(60)]


async def test_left_alone_it_carries_every_signal_in_order(redis: RedisServer, proxy: SignalProxy) -> None:
    assert await heard(redis, proxy, TOPICS) == TOPICS


async def test_it_drops_and_counts(redis: RedisServer, proxy: SignalProxy) -> None:
    proxy.drops = 1.0
    assert await heard(redis, proxy, TOPICS) == []
    assert proxy.counted["dropped"] == len(TOPICS)


async def test_it_doubles(redis: RedisServer, proxy: SignalProxy) -> None:
    proxy.doubles = 1.0
    assert await heard(redis, proxy, TOPICS) == [topic for topic in TOPICS for _ in range(2)]


async def test_it_brings_signals_late_and_so_in_another_order(redis: RedisServer, proxy: SignalProxy) -> None:
    proxy.delays = 1.0
    said = await heard(redis, proxy, TOPICS)
    assert sorted(said) == sorted(TOPICS)
    assert said != TOPICS


async def test_values_of_any_bytes_pass_unchanged(proxy: SignalProxy) -> None:
    proxy.drops = 1.0
    value = b"\r\n*3\r\n$7\r\nmessage\r\n$5\r\nsig:1\r\n" + bytes(range(256)) * 400
    async with Redis.from_url(proxy.url) as redis:
        await redis.hset("drafts:x", mapping={"a": value, "b": b""})
        assert await redis.hgetall("drafts:x") == {b"a": value, b"b": b""}


@pytest.mark.parametrize("start", [b"*3", b">3"])
def test_a_signal_is_told_from_everything_else(start: bytes) -> None:
    signal = start + b"\r\n$7\r\nmessage\r\n$6\r\nsig:12\r\n$7\r\nme a:b:\r\n"
    echo = start + b"\r\n$7\r\nmessage\r\n$11\r\nsig:echo:me\r\n$0\r\n\r\n"
    other = start + b"\r\n$9\r\nsubscribe\r\n$6\r\nsig:12\r\n:1\r\n"
    assert [is_signal(frame) for frame in (signal, echo, other, b"+OK\r\n", b":1\r\n")] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [frame_end(signal, 0), frame_end(signal[:-1], 0), frame_end(b"%1\r\n+a\r\n:1\r\n+b", 0)] == [
        len(signal),
        None,
        12,
    ]
