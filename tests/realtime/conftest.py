"""Two processes' worth of realtime, joined by a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from app.main import beside
from app.realtime.hub import Hub
from app.realtime.presence import Presence
from app.realtime.redis_bus import RedisBus
from app.realtime.shared_attendance import SharedAttendance
from app.realtime.shared_drafts import SharedDrafts
from tests.redis_server import RedisServer


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with RedisServer.running() as server:
        yield server


@dataclass
class Process:
    """What one server process holds of it. `heard` are the topics that were delivered here."""

    bus: RedisBus
    hub: Hub
    drafts: SharedDrafts
    presence: Presence
    heard: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, url: str) -> "Process":
        bus = RedisBus(url, echo_s=0.2)
        hub = Hub(bus)
        process = cls(bus, hub, SharedDrafts(bus, hub), Presence(SharedAttendance(bus, hub)))
        bus.on_renewed(hub.mark_all)
        bus.deliver_to(process.heard.append)
        return process


async def until(holds: Callable[[], object], *, within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
async def both(redis: RedisServer) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes, both connected."""
    processes = Process.on(redis.url), Process.on(redis.url)
    async with AsyncExitStack() as running:
        for process in processes:
            await running.enter_async_context(beside(process.bus.run()))
            await running.enter_async_context(beside(process.presence.attendance.run()))
        await until(lambda: all(process.bus.connected for process in processes))
        yield processes
