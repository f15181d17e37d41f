"""What happens to the world, drawn from a seed: one fault after the other, each with its length."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from bench.soaking.world import Server, World

NOISE = 0.01


@dataclass(frozen=True)
class Fault:
    """`after_s` is the quiet before it, `for_s` how long it lasts; `which` picks a server where there is a choice."""

    kind: str
    after_s: float
    for_s: float
    which: int


# How long each may last, in seconds; and in a short run at most.
LENGTHS: dict[str, tuple[float, ...]] = {
    "server_killed": (0.0, 0.5, 2.0),
    "server_frozen": (0.5, 2.0, 6.0),
    "server_told_to_stop": (0.0,),
    "redis_killed": (0.2, 3.0, 12.0, 60.0),
    "redis_frozen": (0.5, 4.0),
    "redis_emptied": (0.0,),
    "postgres_restarted": (0.0,),
    "postgres_crashed": (0.0,),
    "reconnect_storm": (0.0,),
    "half_open": (3.0, 8.0),
    "stalled_readers": (3.0, 12.0),
    "model_failing": (3.0, 6.0),
}


def forecast(random: Random, seconds: float) -> list[Fault]:
    """Faults for so many seconds: every kind in turn, in an order of the seed's."""
    faults: list[Fault] = []
    left, deck = seconds, list[str]()
    while True:
        if not deck:
            deck = list(LENGTHS)
            random.shuffle(deck)
        kind = deck.pop()
        lengths = [length for length in LENGTHS[kind] if length <= max(seconds / 8, 0.5)] or [
            LENGTHS[kind][0]
        ]
        fault = Fault(kind, random.uniform(0.5, 2.5), random.choice(lengths), random.randrange(2))
        left -= fault.after_s + fault.for_s
        if left < 0 and faults:
            return faults
        faults.append(fault)


async def strike(world: World, fault: Fault) -> None:
    """Does it, and returns when it is over; a server that was ended is then starting again."""
    await asyncio.sleep(fault.after_s)
    server = world.servers[fault.which]
    async with asyncio.timeout(120):
        await _KINDS[fault.kind](world, server, fault.for_s)


async def _server_killed(world: World, server: Server, for_s: float) -> None:
    await server.end(signal.SIGKILL)
    await asyncio.sleep(for_s)
    world.start_again(server)


async def _server_frozen(_: World, server: Server, for_s: float) -> None:
    server.send(signal.SIGSTOP)
    await asyncio.sleep(for_s)
    server.send(signal.SIGCONT)


async def _server_told_to_stop(world: World, server: Server, for_s: float) -> None:
    await server.end(signal.SIGTERM)
    await asyncio.sleep(for_s)
    world.start_again(server)


async def _redis_killed(world: World, _: Server, for_s: float) -> None:
    await world.redis.kill()
    await asyncio.sleep(for_s)
    await world.redis.start()


async def _redis_frozen(world: World, _: Server, for_s: float) -> None:
    world.redis.pause()
    await asyncio.sleep(for_s)
    world.redis.resume()


async def _redis_emptied(world: World, _: Server, for_s: float) -> None:
    await world.redis.flush()
    await asyncio.sleep(for_s)


async def _postgres_restarted(world: World, _: Server, for_s: float) -> None:
    await asyncio.to_thread(world.restart_postgres, "fast")
    await asyncio.sleep(for_s)


async def _postgres_crashed(world: World, _: Server, for_s: float) -> None:
    await asyncio.to_thread(world.restart_postgres, "immediate")
    await asyncio.sleep(for_s)


async def _reconnect_storm(world: World, _: Server, for_s: float) -> None:
    world.proxy.reset_all()
    await asyncio.sleep(for_s)


async def _half_open(world: World, _: Server, for_s: float) -> None:
    """Lines on which nothing moves, and nobody is told for a while."""
    held = world.proxy.hold_some(0.3)
    await asyncio.sleep(for_s)
    for line in held:
        line.reset()


async def _stalled_readers(world: World, _: Server, for_s: float) -> None:
    """Nothing is taken for a while; then everything at once."""
    held = world.proxy.hold_some(0.3)
    await asyncio.sleep(for_s)
    for line in held:
        line.release()


async def _model_failing(world: World, _: Server, for_s: float) -> None:
    world.model.bad = True
    await asyncio.sleep(for_s)
    world.model.bad = False


_KINDS: dict[str, Callable[[World, Server, float], Awaitable[None]]] = {
    "server_killed": _server_killed,
    "server_frozen": _server_frozen,
    "server_told_to_stop": _server_told_to_stop,
    "redis_killed": _redis_killed,
    "redis_frozen": _redis_frozen,
    "redis_emptied": _redis_emptied,
    "postgres_restarted": _postgres_restarted,
    "postgres_crashed": _postgres_crashed,
    "reconnect_storm": _reconnect_storm,
    "half_open": _half_open,
    "stalled_readers": _stalled_readers,
    "model_failing": _model_failing,
}
