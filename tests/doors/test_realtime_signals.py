"""Signals may be lost, doubled, late and out of order: what a stream says is the same, once and in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest

from tests.doors.pages import Page
from tests.serving import RunningServer

LIVE = {"Accept": "text/event-stream"}
POSTS = 8


def lost(_: Callable[[str], None], __: str) -> None:
    """Nobody hears of anything; the backstop finds it."""


def doubled(publish: Callable[[str], None], topic: str) -> None:
    publish(topic)
    publish(topic)


def late_and_out_of_order(publish: Callable[[str], None], topic: str) -> None:
    dice = Random(topic)  # noqa: S311 (of a test)
    for _ in range(2):
        asyncio.get_running_loop().call_later(dice.random() * 0.5, publish, topic)


@pytest.mark.parametrize("fate", [lost, doubled, late_and_out_of_order])
async def test_every_event_comes_once_and_in_order(
    page: Page, server: RunningServer, monkeypatch: pytest.MonkeyPatch, fate: Any
) -> None:
    bus = server.runtime.bus
    publish = bus.publish
    monkeypatch.setattr(bus, "publish", lambda topic: fate(publish, topic))
    conversation = (await page.start())["id"]
    texts = [f"Message {number}" for number in range(POSTS)]
    async with page.client.stream("GET", f"/v1/conversations/{conversation}/events", headers=LIVE) as live:
        hearing = asyncio.create_task(_hear(live.aiter_lines(), texts[-1]))
        for text in texts:
            await page.write(conversation, text)
            await asyncio.sleep(0.05)
        events = await asyncio.wait_for(hearing, 6)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    said = [event["data"]["text"] for event in events if _by_visitor(event)]
    assert said == texts


async def _hear(lines: AsyncIterator[str], until: str) -> list[dict[str, Any]]:
    """The durable events of a stream up to the message `until`."""
    events: list[dict[str, Any]] = []
    async for line in lines:
        body = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
        if "seq" in body:
            events.append(body)
            if _by_visitor(body) and body["data"]["text"] == until:
                break
    return events


def _by_visitor(event: dict[str, Any]) -> bool:
    return bool(event["kind"] == "message.posted" and event["data"]["author"]["kind"] == "visitor")
