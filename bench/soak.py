"""
Nothing is lost, whatever breaks: two servers, PostgreSQL, Redis and a model, with visitors and agents at work, while
processes are killed and frozen, connections break, and databases restart. The faults are drawn from a seed.

    python -m bench.soak                     # two minutes, 50 visitors, 5 agents; prints one JSON object
    python -m bench.soak --calm --seconds 300   # nothing goes wrong: what does memory do?
    python -m bench.soak --seconds 20 --visitors 8 --agents 2 --onlookers 20 --seed 7

Exits 1 unless nothing was lost, doubled or disordered, every answer is what was written, the bot never spoke after a
person had taken over, everybody was up to date within five seconds of the last fault, no request was answered with 500,
no error was logged that a fault does not explain, no process that lived for four minutes went on growing, and a run of
two minutes or more met every fault that there is.
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from bench.soaking import logs, weather
from bench.soaking.audience import Onlooker, audience
from bench.soaking.judge import Verdict
from bench.soaking.people import Town, Visitor
from bench.soaking.run import Cast, Run
from bench.soaking.staff import Agent
from bench.soaking.world import FAILURES, PASSWORD, World, running

CONVERGES_WITHIN_S = 5.0
# A run that is there to meet everything, and proves nothing of what it did not.
WHOLE_S = 120
SIGNALS = ("dropped", "doubled", "late")
MUST_BE_ZERO = ("lost", "duplicated", "reordered", "wrong_bytes", "bot_after_takeover", "stuck")


async def soak(
    seconds: float, seed: int, cast: Cast, log: Path | None = None, *, calm: bool = False
) -> dict[str, Any]:
    """The report. `log` is a file that the servers' logs are written to; `calm` is without any fault."""
    random = Random(seed)  # noqa: S311 (repeatable on purpose)
    tracks = () if calm else weather.forecast(Random(seed), seconds)  # noqa: S311
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
    team = await world.hire(emails)
    visitors = [
        Visitor(f"v{number:02}", number, town, Random(f"{seed}/v{number}"))  # noqa: S311
        for number in range(cast.visitors)
    ]
    agents = [
        Agent(f"a{number:02}", 900 + number, town, Random(f"{seed}/a{number}"), email, PASSWORD, team)  # noqa: S311
        for number, email in enumerate(emails)
    ]
    return [*visitors, *agents, *audience(cast.onlookers, town, seed)]


def _report(run: Run, verdict: Verdict, seed: int, converged: float, log: str) -> dict[str, Any]:
    town, world = run.town, run.world
    clients = sum((follower.counted for follower in town.followers), Counter[str]())
    zeros = {name: verdict.counts[name] for name in MUST_BE_ZERO}
    errors, explained = logs.sort_out(log, run.struck)
    steep = run.memory.too_steep()
    missed = _not_met(run)
    wrong = {
        **{name: times for name, times in zeros.items() if times},
        **({"converged_s": converged} if converged > CONVERGES_WITHIN_S else {}),
        **({"memory": steep} if steep else {}),
        **({"refusals": len(town.refusals)} if town.refusals else {}),
        **({"http_500": town.statuses[500]} if town.statuses[500] else {}),
        **({"errors": errors.total()} if errors else {}),
        **({"not_met": len(missed)} if missed and run.tracks and run.seconds >= WHOLE_S else {}),
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
        "memory_mb_per_minute": run.memory.steepest(),
        "memory_mb": run.memory.summary(),
        "answers": _answers(town),
        "staff": dict(sorted(town.did.items())),
        "faults": dict(sorted(run.struck.items())),
        "not_met": missed,
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


def _not_met(run: Run) -> list[str]:
    """What a run of two minutes is there to break, and this one did not."""
    world = run.world
    counted = [*world.proxy.counted.items(), *((one, world.signals.counted[one]) for one in SIGNALS)]
    ways = [f"model {way}" for way in FAILURES if not world.model.failed[way]]
    return [*weather.not_met(run.struck), *ways, *(name for name, times in counted if not times)]


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
