"""What happens to the world, drawn from a seed: one fault after the other, each with its length."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from bench.soaking.world import Server, World

# The odds of a request or an answer to be lost on its way, all the time.
NOISE = 0.01
# And those of a signal to be dropped, doubled or late.
SIGNAL_NOISE = 0.1


@dataclass(frozen=True)
class Fault:
    """`after_s` is the quiet before it, `for_s` how long it lasts; `which` picks a server where there is a choice."""

    kind: str
    after_s: float
    for_s: float
    which: int


# Two things go wrong at a time. Redis is one of them, all by itself: what is done to the rest happens while it is away.
# Seconds that each may last. Of Redis every length comes in its turn, of the others one that is drawn.
OF_REDIS: dict[str, tuple[float, ...]] = {
    "redis_killed": (0.2, 3.0, 12.0, 60.0),
    "redis_frozen": (4.0,),
    "redis_emptied": (0.0,),
    "signals_lost": (4.0,),
}
OF_THE_REST: dict[str, tuple[float, ...]] = {
    "server_killed": (0.0, 0.5, 2.0),
    "server_frozen": (0.5, 2.0, 6.0),
    "server_told_to_stop": (0.0,),
    "postgres_restarted": (0.0,),
    "postgres_crashed": (0.0,),
    "reconnect_storm": (1.0,),
    "half_open": (3.0, 8.0),
    "stalled_readers": (3.0, 12.0),
    "model_failing": (3.0, 6.0),
    "model_refusing": (2.0, 4.0),
}
# And those of a request to the model, so that it fails in every way that there is.
MODEL_NOISE = 0.2
# What takes its time besides, in seconds, on a machine with two busy cores.
TAKES_S = {"server_told_to_stop": 8.0, "postgres_restarted": 4.0, "postgres_crashed": 6.0}
# A run of so many seconds meets every kind, and every length of those of Redis.
COMPLETE_S = 120.0


@dataclass(frozen=True)
class Track:
    """Faults one after the other; the first `due` of them happen, however long the machine takes for them."""

    faults: Sequence[Fault]
    due: int = 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.faults)


def forecast(random: Random, seconds: float) -> tuple[Track, Track]:
    """What happens to Redis and what happens to the rest, meanwhile, within so many seconds."""
    longest_s = 60.0 if seconds >= COMPLETE_S else seconds / 4
    every = [
        (kind, length) for kind, lengths in OF_REDIS.items() for length in lengths if length <= longest_s
    ]
    short = [(kind, length) for kind, length in every if length <= longest_s / 4] or every

    def redis() -> Deck:
        yield random.sample(every, len(every))
        while True:
            yield random.sample(short, len(short))

    def rest() -> Deck:
        while True:
            kinds = random.sample(list(OF_THE_REST), len(OF_THE_REST))
            yield [(kind, _length(random, OF_THE_REST[kind], longest_s)) for kind in kinds]

    whole = seconds >= COMPLETE_S
    return (
        Track(_track(random, redis(), seconds), due=len(every) if whole else 0),
        Track(_track(random, rest(), seconds), due=len(OF_THE_REST) if whole else 0),
    )


def name_of(kind: str, for_s: float) -> str:
    return f"{kind} {for_s:g}s" if for_s else kind


def not_met(struck: Iterable[str]) -> list[str]:
    """Of what a whole run meets that which this one has not: each fault of Redis by its length, the others by kind."""
    met = set(struck)
    of_redis = {name_of(kind, for_s) for kind, lengths in OF_REDIS.items() for for_s in lengths}
    return sorted((of_redis - met) | (set(OF_THE_REST) - {name.split()[0] for name in met}))


Deck = Iterator[Sequence[tuple[str, float]]]


def _length(random: Random, lengths: Sequence[float], longest_s: float) -> float:
    return random.choice([length for length in lengths if length <= longest_s] or [min(lengths)])


def _track(random: Random, decks: Deck, seconds: float) -> Sequence[Fault]:
    faults: list[Fault] = []
    for kind, length in chain.from_iterable(decks):
        fault = Fault(kind, random.uniform(0.5, 2.0), length, random.randrange(2))
        seconds -= fault.after_s + fault.for_s + TAKES_S.get(kind, 0.5)
        if seconds < 0 and faults:
            break
        faults.append(fault)
    return faults


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


async def _signals_lost(world: World, _: Server, for_s: float) -> None:
    """Redis is well and says nothing: only the backstop of each process can tell what happens in the other."""
    usual, world.signals.drops = world.signals.drops, 1.0
    await asyncio.sleep(for_s)
    world.signals.drops = usual


async def _reconnect_storm(world: World, _: Server, for_s: float) -> None:
    """Every connection breaks in the same instant; how many were there, and how many knock again by the end?"""
    broken, before = len(world.proxy.lines), world.proxy.accepted
    world.proxy.reset_all()
    await asyncio.sleep(for_s)
    world.storms.append({"broken": broken, "knocked_again": world.proxy.accepted - before})


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


async def _model_refusing(world: World, _: Server, for_s: float) -> None:
    await world.model.shut()
    await asyncio.sleep(for_s)
    await world.model.listen()


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
    "model_refusing": _model_refusing,
    "signals_lost": _signals_lost,
}
