"""Signals over a real Redis: they cross in milliseconds, and no state of Redis hurts whoever sends them."""

import asyncio
import time

from app.main import beside
from app.realtime.bus import ALONE_S
from app.realtime.redis_bus import CONNECTED_S, MAX_WAITING, SHARDS, channel_of
from tests.realtime.conftest import Process, until
from tests.redis_server import RedisServer, free_port

Both = tuple[Process, Process]


async def test_a_signal_reaches_the_other_process_at_once(both: Both) -> None:
    here, there = both
    began = time.monotonic()
    here.bus.publish("conversation:1")
    await until(lambda: "conversation:1" in there.heard)
    assert time.monotonic() - began < 0.5
    assert here.heard == ["conversation:1"], "its own echo is not a second signal"


async def test_topics_are_spread_over_all_channels() -> None:
    assert {channel_of(f"conversation:{number}") for number in range(2000)} == {
        f"sig:{shard}" for shard in range(SHARDS)
    }


async def test_many_signals_of_a_topic_are_sent_as_few(both: Both) -> None:
    here, there = both
    for _ in range(1000):
        here.bus.publish("conversation:1")
    await until(lambda: there.heard)
    await asyncio.sleep(0.2)
    assert len(there.heard) < 5


async def test_after_a_restart_everything_watched_counts_as_changed(both: Both, redis: RedisServer) -> None:
    here, there = both
    await redis.kill()
    await until(lambda: not here.bus.connected and not there.bus.connected)
    assert here.bus.backstop_s == ALONE_S
    here.bus.publish("conversation:1")
    await redis.start()
    await until(lambda: here.bus.renewed == there.bus.renewed == 2)
    assert here.bus.backstop_s == CONNECTED_S
    here.bus.publish("conversation:2")
    await until(lambda: "conversation:2" in there.heard)


async def test_a_redis_that_hangs_is_noticed_and_holds_nobody_up(both: Both, redis: RedisServer) -> None:
    here, there = both
    redis.pause()
    began = time.monotonic()
    for number in range(1000):
        here.bus.publish(f"conversation:{number}")
    assert time.monotonic() - began < 0.2
    await until(lambda: not here.bus.connected, within_s=3)
    redis.resume()
    await until(lambda: here.bus.renewed > 1 and there.bus.connected)
    here.bus.publish("conversation:again")
    await until(lambda: "conversation:again" in there.heard)


async def test_an_emptied_redis_changes_nothing(both: Both, redis: RedisServer) -> None:
    here, there = both
    await redis.flush()
    here.bus.publish("conversation:1")
    await until(lambda: "conversation:1" in there.heard)


async def test_without_redis_the_signals_of_this_process_arrive_and_what_waits_is_bounded() -> None:
    process = Process.on(f"redis://127.0.0.1:{free_port()}/0")
    async with beside(process.bus.run()):
        for number in range(2 * MAX_WAITING):
            process.bus.publish(f"conversation:{number}")
        await asyncio.sleep(0.3)
    assert len(process.heard) == 2 * MAX_WAITING
    assert len(process.bus._waiting) == MAX_WAITING


async def test_a_redis_that_comes_later_is_found() -> None:
    port = free_port()
    process = Process.on(f"redis://127.0.0.1:{port}/0")
    async with beside(process.bus.run()):
        await asyncio.sleep(0.2)
        async with RedisServer.running(port):
            await until(lambda: process.bus.connected)


async def test_a_crowd_that_asks_at_once_is_answered_and_is_not_taken_for_an_outage(both: Both) -> None:
    """As when hundreds of streams come back after a line broke."""
    here, _ = both
    found = await asyncio.gather(*(here.bus.kept(f"drafts:{number}") for number in range(600)))
    assert found.count(None) == 0
    await asyncio.sleep(0.5)
    assert here.bus.renewed == 1
    assert here.bus.connected
