"""What a client may get wrong about where it is, what it has read and what time it is: each is defined and told."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.handoff import queue
from tests.doors.pages import Page, problem
from tests.factories import create_agent

LIVE = {"Accept": "text/event-stream"}


async def first_frames(page: Page, conversation: str, position: str) -> list[tuple[str, dict[str, Any]]]:
    """The frames up to `ready` of a stream that is to go on from `position`."""
    found, kind = [], ""
    url, headers = f"/v1/conversations/{conversation}/events", LIVE | {"Last-Event-ID": position}
    async with page.client.stream("GET", url, headers=headers) as stream:
        assert stream.status_code == 200
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                found.append((kind, json.loads(value)))
                if kind == "ready":
                    return found
    raise AssertionError(f"The stream ended early: {found}")


async def talk(page: Page) -> dict[str, Any]:
    """A conversation in which a visitor waits for a person and has written twice: nobody else says anything."""
    conversation = await page.start()
    await page.client.post(f"/v1/conversations/{conversation['id']}/handoff", json={})
    for said in ("One", "Two"):
        assert (await page.write(conversation["id"], said)).status_code == 201
    return dict((await page.client.get(f"/v1/conversations/{conversation['id']}")).json())


async def test_a_position_of_another_conversation_is_no_position_in_this_one(page: Page) -> None:
    here, there = await talk(page), await talk(page)
    frames = await first_frames(page, here["id"], f"{there['epoch']}:2")
    assert [kind for kind, _ in frames] == ["reset", "ready"]
    assert frames[-1][1]["head"] == here["last_seq"]
    own = await first_frames(page, here["id"], f"{here['epoch']}:2")
    assert [data["seq"] for kind, data in own if kind != "ready"] == list(range(3, here["last_seq"] + 1))


async def test_a_position_from_before_a_restore_is_reset_also_where_the_number_exists(page: Page) -> None:
    """After what docs/operations.md has the operator do once a backup is restored."""
    before = await talk(page)
    life = await set_epoch(page, "restored0000")
    try:
        after = (await page.client.get(f"/v1/conversations/{before['id']}")).json()
        frames = await first_frames(page, before["id"], f"{before['epoch']}:2")
    finally:
        await set_epoch(page, life)
    assert after["epoch"] != before["epoch"]
    assert [kind for kind, _ in frames] == ["reset", "ready"]


async def set_epoch(page: Page, epoch: str) -> str:
    """Returns the one before."""
    async with page.runtime_database.transaction(None) as session:
        before = str(await session.scalar(text("SELECT epoch FROM installation")))
        await session.execute(text("UPDATE installation SET epoch = :epoch"), {"epoch": epoch})
    return before


async def test_a_page_after_the_end_is_empty_and_says_where_the_end_is(page: Page) -> None:
    here = await talk(page)
    beyond = await page.client.get(f"/v1/conversations/{here['id']}/events?after=99999")
    assert beyond.status_code == 200
    assert beyond.json() == {"events": [], "head": here["last_seq"], "epoch": here["epoch"], "more": False}
    negative = await page.client.get(f"/v1/conversations/{here['id']}/events?after=-1")
    assert negative.status_code == 400
    assert "after" in negative.json()["detail"]


@pytest.mark.parametrize(("seq", "status"), [(10**6, 204), (10**30, 204), (-1, 400), ("x", 400)])
async def test_reading_beyond_the_end_is_reading_to_the_end_and_before_the_beginning_is_refused(
    page: Page, seq: object, status: int
) -> None:
    here = await talk(page)
    answer = await page.client.put(f"/v1/conversations/{here['id']}/read", json={"seq": seq})
    assert answer.status_code == status, answer.text
    read = (await page.client.get(f"/v1/conversations/{here['id']}")).json()["read"]
    assert read["visitor"] == (here["last_seq"] if status == 204 else 0)
    if status == 400:
        assert "seq" in answer.json()["detail"]


async def test_a_message_to_a_resolved_conversation_opens_it_again(page: Page) -> None:
    here = await talk(page)
    async with page.runtime_database.transaction(page.org_id) as session:
        agent = await create_agent(session, "Maya")
        await queue.claim(session, UUID(here["id"]), agent)
        await queue.resolve(session, UUID(here["id"]), agent)
    written = await page.write(here["id"], "One more thing")
    assert written.status_code == 201
    state = (await page.client.get(f"/v1/conversations/{here['id']}")).json()
    assert state["status"] == "bot"
    assert {"kind": "reopened"} in [message["notice"] for message in state["messages"]]


async def test_a_message_to_an_erased_conversation_is_told_and_a_new_one_can_be_started(page: Page) -> None:
    here = await talk(page)
    assert (await page.client.delete("/v1/visitor")).status_code == 204
    problem(await page.write(here["id"], "Anybody there?"), 401, "token_invalid")
    anew = (await page.client.post("/v1/sessions", json={"site": page.key})).json()
    page.client.headers["Authorization"] = f"Bearer {anew['token']}"
    for answer in (
        await page.write(here["id"], "Anybody there?"),
        await page.client.get(f"/v1/conversations/{here['id']}/events", headers=LIVE),
    ):
        problem(answer, 404, "conversation_unknown")
    assert (await page.write((await page.start())["id"], "Hello again")).status_code == 201


@pytest.mark.parametrize("hours", [-26, 26])
async def test_the_clock_of_a_client_changes_nothing(page: Page, hours: int) -> None:
    here = await talk(page)
    wrong = datetime.now(UTC) + timedelta(hours=hours)
    headers = {
        "Date": format_datetime(wrong, usegmt=True),
        "If-Modified-Since": format_datetime(wrong, usegmt=True),
    }
    body = {"client_id": str(uuid4()), "text": "What time is it?"}
    url = f"/v1/conversations/{here['id']}"
    written = (await page.client.post(f"{url}/messages", json=body, headers=headers)).json()
    assert abs(datetime.fromisoformat(written["created_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert written["seq"] == here["last_seq"] + 1
    assert (await page.client.get(url, headers=headers)).json()["last_seq"] == written["seq"]
    told = await page.client.post(
        f"{url}/messages", json=body | {"client_id": str(uuid4()), "created_at": wrong.isoformat()}
    )
    assert told.status_code == 400
    assert "created_at" in told.json()["detail"]
