"""
The same messages sent again and again, at once and through broken connections: each is stored exactly once.

    python -m bench.repeats                  # 10,000 requests with 2,000 client_ids; prints one JSON object

Exits 1 unless every client_id has one message, which every acknowledgement named.
"""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.faults import FaultProxy
from bench.soaking.client import Passing, call
from bench.soaking.people import Town, client_id, insist
from bench.soaking.world import running

PER_VISITOR = 25
IDS = 5
RESETS = 0.05


@dataclass
class Tally:
    requests: int = 0
    refused: int = 0
    ids: set[str] = field(default_factory=set)
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    stored: dict[str, list[str]] = field(default_factory=dict)

    def wrongs(self) -> list[str]:
        """The client_ids that are not stored exactly once, as acknowledged."""
        return [
            one
            for one in self.ids
            if len(self.stored.get(one, [])) != 1
            or self.acknowledged.get(one, set()) != set(self.stored[one])
        ]


async def repeat(proxy: FaultProxy, site: str, visitors: int, random: Random) -> Tally:
    """Each visitor sends PER_VISITOR requests with IDS client_ids at once; what is not acknowledged is sent again."""
    town, tally = Town(proxy.url, site), Tally()
    proxy.resets_before = proxy.resets_after = RESETS
    gate = asyncio.Semaphore(20)

    async def visit(number: int) -> None:
        async with gate:
            await _visit(town, number, tally, random)

    await asyncio.gather(*(visit(number) for number in range(visitors)))
    return tally


async def _visit(town: Town, number: int, tally: Tally, random: Random) -> None:
    async with town.http(number) as http:
        path = f"/v1/conversations/{await town.begin(http, random)}"
        ids = [client_id(random) for _ in range(IDS)]
        await asyncio.gather(
            *(_send(http, path, ids[turn % IDS], tally) for turn in range(PER_VISITOR - IDS))
        )
        for one in ids:
            await insist(random, lambda one=one: _post(http, path, one, tally))  # type: ignore[misc]
        state = (await insist(random, lambda: call(http, "GET", path))).json()
    tally.ids.update(ids)
    for message in state["messages"]:
        tally.stored.setdefault(message["client_id"], []).append(message["id"])


async def _send(http: httpx.AsyncClient, path: str, one: str, tally: Tally) -> None:
    try:
        await _post(http, path, one, tally)
    except Passing:
        tally.refused += 1


async def _post(http: httpx.AsyncClient, path: str, one: str, tally: Tally) -> None:
    tally.requests += 1
    answer = await call(http, "POST", f"{path}/messages", json={"client_id": one, "text": f"Hello ({one})"})
    tally.acknowledged.setdefault(one, set()).add(answer.json()["id"])


async def main(visitors: int = 400) -> dict[str, Any]:
    random = Random(1)  # noqa: S311 (repeatable on purpose)
    with tempfile.TemporaryDirectory(prefix="frontdesk-repeats-") as folder:
        async with running(Path(folder), random) as world:
            began = time.monotonic()
            tally = await repeat(world.proxy, await world.site(), visitors, random)
            return {
                "requests": tally.requests,
                "not_acknowledged": tally.refused,
                "client_ids": len(tally.ids),
                "wrong": len(tally.wrongs()),
                "seconds": round(time.monotonic() - began, 1),
            }


if __name__ == "__main__":
    report = asyncio.run(main())
    print(json.dumps(report))
    sys.exit(1 if report["wrong"] else 0)
