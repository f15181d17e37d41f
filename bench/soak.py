"""
Nothing is lost, whatever breaks: two servers, PostgreSQL, Redis and a model, with visitors and agents at work, while
processes are killed and frozen, connections break, and databases restart. The faults are drawn from a seed.

    python -m bench.soak                     # two minutes, 50 visitors, 5 agents; prints one JSON object
    python -m bench.soak --calm --seconds 300   # nothing goes wrong: what does memory do?
    python -m bench.soak --seconds 20 --visitors 8 --agents 2 --onlookers 20 --seed 7

Exits 1 unless nothing was lost, doubled or disordered, every answer is what was written, the bot never spoke after a
person had taken over, everybody was up to date within five seconds of the last fault, no request was answered with 500,
no error was logged that a fault does not explain, and no process that lived for two minutes went on growing.
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.conversations import queries, views
from app.conversations.models import Conversation
from app.tenancy.organisations import enter_organisation
from bench.soaking import logs, weather
from bench.soaking.audience import Onlooker, audience
from bench.soaking.judge import Seen, Truth, Verdict, judge
from bench.soaking.memory import MAY_GROW_MB_PER_MINUTE, Memory
from bench.soaking.people import Agent, Town, Visitor
from bench.soaking.world import MARKER, PASSWORD, World, answer_to, running

CONVERGES_WITHIN_S = 5.0
SETTLES_WITHIN_S = 60.0
ARRIVE_WITHIN_S = 600.0
MUST_BE_ZERO = ("lost", "duplicated", "reordered", "wrong_bytes", "bot_after_takeover", "stuck")


@dataclass(frozen=True)
class Cast:
    """How many take part: who writes, who answers them, and how many streams merely look on."""

    visitors: int = 50
    agents: int = 5
    onlookers: int = 450

    @property
    def streams(self) -> int:
        return self.visitors + self.onlookers


@dataclass
class Run:
    world: World
    town: Town
    cast: Cast
    seconds: float
    tracks: Sequence[weather.Track]
    struck: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=Memory)

    async def live(self, people: Sequence[Visitor | Agent | Onlooker]) -> float:
        """Everybody at work until the last fault is over; returns how long all needed then to be up to date."""
        busy = [asyncio.create_task(person.live()) for person in people]
        watching = asyncio.create_task(self.memory.watch(self.world.servers))
        try:
            await self._arrive(busy)
            await self._weather(busy)
            self.town.closing.set()
            converged = await self._converge()
            await self._settle()
        finally:
            for task in [*busy, watching]:
                task.cancel()
            ended = await asyncio.gather(*busy, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        return converged

    async def _arrive(self, busy: list["asyncio.Task[None]"]) -> None:
        """Everybody in, with their streams open, before anything goes wrong: so much is the same for every seed."""
        async with asyncio.timeout(ARRIVE_WITHIN_S):
            while len(self.town.followers) < self.cast.streams or not all(
                follower.counted["streams"] for follower in self.town.followers
            ):
                _raise_ended(busy)
                await asyncio.sleep(0.2)

    async def _weather(self, busy: list["asyncio.Task[None]"]) -> None:
        proxy, signals = self.world.proxy, self.world.signals
        if any(self.tracks):
            proxy.resets_before = proxy.resets_after = weather.NOISE
            signals.drops = signals.doubles = signals.delays = weather.SIGNAL_NOISE
        deadline = time.monotonic() + self.seconds
        await asyncio.gather(*(self._track(faults, deadline, busy) for faults in self.tracks))
        await asyncio.sleep(max(0.0, deadline - time.monotonic()))
        await self.world.whole()
        proxy.resets_before = proxy.resets_after = 0.0
        signals.drops = signals.doubles = signals.delays = 0.0

    async def _track(self, faults: weather.Track, deadline: float, busy: list["asyncio.Task[None]"]) -> None:
        for fault in faults:
            if time.monotonic() > deadline:
                return
            name = f"{fault.kind} {fault.for_s:g}s" if fault.for_s else fault.kind
            print(name, file=sys.stderr, flush=True)
            self.struck[name] += 1
            await weather.strike(self.world, fault)
            _raise_ended(busy)

    async def _converge(self) -> float:
        began = time.monotonic()
        while not await self._up_to_date():
            if time.monotonic() - began > SETTLES_WITHIN_S:
                return time.monotonic() - began
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def _up_to_date(self) -> bool:
        """Nothing waits in an outbox, and every screen shows what the database holds."""
        heads = await self._heads()
        return not self.town.unsent and all(
            follower.last_seq >= heads[follower.conversation] for follower in self.town.followers
        )

    async def _settle(self) -> None:
        """Answers under way may end, and be seen to end."""
        began = time.monotonic()
        while time.monotonic() - began < SETTLES_WITHIN_S:
            writing = any(
                message["state"] == "streaming"
                for follower in self.town.followers
                for message in follower.messages.values()
            )
            if not writing and await self._up_to_date():
                await asyncio.sleep(1)
                if await self._up_to_date():
                    return
            await asyncio.sleep(0.2)

    async def _heads(self) -> dict[str, int]:
        async with self.world.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            found = await session.execute(select(Conversation.id, Conversation.last_seq))
            return {str(row[0]): row[1] for row in found.all()}

    async def verdict(self) -> Verdict:
        truths = {name: await self._truth(name) for name in self.town.conversations}
        seen = [
            Seen(one.conversation, list(one.messages.values()), one.wrongs) for one in self.town.followers
        ]
        markers = [found for ack in self.town.acks for found in MARKER.findall(ack.text)]
        return judge(self.town.acks, truths, seen, {marker: answer_to(marker) for marker in markers})

    async def _truth(self, conversation: str) -> Truth:
        async with self.world.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            query = queries.events_after(session, UUID(conversation), 0, 1_000_000)
            events = [views.event_view(event) for event in (await session.scalars(query)).all()]
            found = (await session.scalars(queries.messages(session, UUID(conversation)))).all()
            return Truth(events, [views.message_view(message) for message in found])


def _raise_ended(busy: Sequence["asyncio.Task[None]"]) -> None:
    for task in busy:
        if task.done():
            task.result()


async def soak(
    seconds: float, seed: int, cast: Cast, log: Path | None = None, *, calm: bool = False
) -> dict[str, Any]:
    """The report. `log` is a file that the servers' logs are written to; `calm` is without any fault."""
    random = Random(seed)  # noqa: S311 (repeatable on purpose)
    tracks = ((), ()) if calm else weather.forecast(Random(seed), seconds)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="frontdesk-soak-") as folder:
        async with running(Path(folder), random) as world:
            town = Town(world.proxy.url, await world.site())
            run = Run(world, town, cast, seconds, tracks)
            converged = await run.live(await _people(world, town, cast, seed))
            verdict = await run.verdict()
            log_text = await asyncio.to_thread(lambda: world.logs)
            if log is not None:
                await asyncio.to_thread(log.write_text, log_text)
            return _report(run, verdict, seed, converged, log_text)


async def _people(world: World, town: Town, cast: Cast, seed: int) -> list[Visitor | Agent | Onlooker]:
    emails = [f"agent{number}@soak.example" for number in range(cast.agents)]
    await world.hire(emails)
    visitors = [
        Visitor(f"v{number:02}", number, town, Random(f"{seed}/v{number}"))  # noqa: S311
        for number in range(cast.visitors)
    ]
    agents = [
        Agent(f"a{number:02}", 900 + number, town, Random(f"{seed}/a{number}"), email, PASSWORD)  # noqa: S311
        for number, email in enumerate(emails)
    ]
    return [*visitors, *agents, *audience(cast.onlookers, town, seed)]


def _report(run: Run, verdict: Verdict, seed: int, converged: float, log: str) -> dict[str, Any]:
    town, world = run.town, run.world
    clients = sum((follower.counted for follower in town.followers), Counter[str]())
    zeros = {name: verdict.counts[name] for name in MUST_BE_ZERO}
    errors, explained = logs.sort_out(log, run.struck)
    grows = run.memory.steepest()
    wrong = {
        **{name: times for name, times in zeros.items() if times},
        **({"converged_s": converged} if converged > CONVERGES_WITHIN_S else {}),
        **({"memory": grows} if (grows or 0) > MAY_GROW_MB_PER_MINUTE else {}),
        **({"refusals": len(town.refusals)} if town.refusals else {}),
        **({"http_500": town.statuses[500]} if town.statuses[500] else {}),
        **({"errors": errors.total()} if errors else {}),
    }
    return {
        "passed": not wrong,
        "failed_by": sorted(wrong),
        "seed": seed,
        "seconds": run.seconds,
        "streams": len(town.followers),
        "acknowledged": verdict.acknowledged,
        **zeros,
        "converged_s": round(converged, 2),
        "memory_mb_per_minute": grows,
        "memory_mb": run.memory.summary(),
        "answers": _answers(town),
        "faults": dict(sorted(run.struck.items())),
        "resets": world.proxy.counted,
        "storms": world.storms,
        "signals": dict(world.signals.counted),
        "model_failures": dict(world.model.failed),
        "clients": dict(clients),
        "statuses": dict(sorted(town.statuses.items())),
        "refusals": town.refusals[:10],
        "notes": verdict.notes,
        "unexpected_errors": dict(errors.most_common(12)),
        "explained_errors": dict(explained),
    }


def _answers(town: Town) -> dict[str, int]:
    states = Counter(
        message["state"]
        for follower in town.followers
        for message in follower.messages.values()
        if message["author"]["kind"] == "bot"
    )
    return dict(states)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=None, help="what the faults are drawn from; printed")
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--agents", type=int, default=5)
    parser.add_argument(
        "--onlookers", type=int, default=450, help="streams that merely follow a conversation"
    )
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong: does memory grow?")
    parser.add_argument("--logs", type=Path, help="a file for the servers' logs")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    cast = Cast(given.visitors, given.agents, given.onlookers)
    report = asyncio.run(soak(given.seconds, seed, cast, given.logs, calm=given.calm))
    print(json.dumps(report, indent=2))
    sys.exit(0 if report["passed"] else 1)


if __name__ == "__main__":
    main()
