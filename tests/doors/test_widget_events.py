"""A conversation's events at the widget's door: live, resumed, and never a different story than the snapshot's."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.handoff import queue
from app.handoff.replies import reply
from tests.doors.pages import Page, problem
from tests.factories import create_agent


@pytest.mark.parametrize("position", ["nonsense", "epoch:", "epoch:-1", "epoch:1e3", "epoch:٣", ":5"])
async def test_a_position_that_no_stream_sent_is_refused(page: Page, position: str) -> None:
    conversation = (await page.start())["id"]
    headers = {b"Accept": b"text/event-stream", b"Last-Event-ID": position.encode()}
    answer = await page.client.get(f"/v1/conversations/{conversation}/events", headers=headers)
    problem(answer, 422, "position_invalid")


async def frames(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream as {event, id, data}."""
    frame: dict[str, Any] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and frame:
            yield frame
            frame = {}
        elif name in {"event", "id"}:
            frame[name] = value
        elif name == "data":
            frame["data"] = json.loads(value)


async def follow(
    page: Page, conversation: str, until: str, headers: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Reads the live stream up to the first frame of kind `until`."""
    found = []
    url = f"/v1/conversations/{conversation}/events"
    async with page.client.stream(
        "GET", url, headers={"Accept": "text/event-stream"} | (headers or {})
    ) as stream:
        assert stream.status_code == 200
        async for frame in frames(stream.aiter_lines()):
            found.append(frame)
            if frame["event"] == until:
                return found
    raise AssertionError(f"The stream ended before {until}: {found}")


async def test_a_stream_resumes_where_it_was(page: Page) -> None:
    conversation = (await page.start())["id"]
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    await page.write(conversation, "One")
    everything = await follow(page, conversation, "ready")
    durable = [frame for frame in everything if "id" in frame]
    assert [frame["data"]["seq"] for frame in durable] == list(range(1, len(durable) + 1))
    rest = await follow(page, conversation, "ready", {"Last-Event-ID": durable[-2]["id"]})
    assert [frame["event"] for frame in rest] == [durable[-1]["event"], "ready"]


async def test_a_position_from_the_future_or_another_life_is_reset(page: Page) -> None:
    conversation = await page.start()
    for position in (f"{conversation['epoch']}:99", "restored0000:0"):
        first = (await follow(page, conversation["id"], "ready", {"Last-Event-ID": position}))[0]
        assert first["event"] == "reset"


async def test_what_an_agent_writes_arrives_live(page: Page) -> None:
    conversation = (await page.start())["id"]
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    async with page.runtime_database.transaction(page.org_id) as session:
        agent = await create_agent(session, "Maya")
        await queue.claim(session, UUID(conversation), agent)

    async def answer_soon() -> None:
        await asyncio.sleep(0.3)
        async with page.runtime_database.transaction(page.org_id) as session:
            await reply(session, UUID(conversation), agent, client_id=uuid4(), text="How can I help?")

    head = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    position = {"Last-Event-ID": f"{head['epoch']}:{head['last_seq']}"}
    task = asyncio.create_task(answer_soon())
    seen = await asyncio.wait_for(follow(page, conversation, "message.posted", position), 5)
    await task
    message = seen[-1]["data"]["data"]
    assert (message["author"], message["text"]) == ({"kind": "agent", "name": "Maya"}, "How can I help?")


async def test_state_rebuilt_from_events_equals_state_read_afresh(page: Page) -> None:
    stale = await page.start()
    conversation = stale["id"]
    await page.write(conversation, "Hello")
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    async with page.runtime_database.transaction(page.org_id) as session:
        agent = await create_agent(session)
        await queue.claim(session, UUID(conversation), agent)
        await reply(session, UUID(conversation), agent, client_id=uuid4(), text="Hello!")
    await page.client.put(f"/v1/conversations/{conversation}/read", json={"seq": 3})
    events = (
        await page.client.get(f"/v1/conversations/{conversation}/events?after={stale['last_seq']}")
    ).json()
    fresh = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    rebuilt = fold(stale, events["events"])
    assert {key: rebuilt[key] for key in rebuilt if key != "updated_at"} == {
        key: fresh[key] for key in fresh if key != "updated_at"
    }


def fold(state: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client does with events."""
    messages = {message["id"]: message for message in state["messages"]}
    state = {**state, "read": dict(state["read"])}
    for event in events:
        assert event["seq"] == state["last_seq"] + 1
        state["last_seq"] = event["seq"]
        if event["kind"].startswith("message."):
            messages[event["data"]["id"]] = event["data"]
        elif event["kind"] == "conversation.updated":
            state.update(event["data"])
        elif event["kind"] == "read.updated":
            state["read"][event["data"]["by"]] = event["data"]["seq"]
    return {**state, "messages": sorted(messages.values(), key=lambda message: message["seq"])}
