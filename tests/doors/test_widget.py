"""The widget's door: what a page may do, what it is told when it may not, and that nothing acknowledged is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from app.handoff import queue
from app.handoff.replies import reply
from app.kit.clock import now
from app.kit.db import Database
from app.tenancy.organisations import create_site
from app.visitors.models import VisitorSession
from tests.factories import create_agent
from tests.serving import RunningServer

ORIGIN = "https://shop.example"


@dataclass
class Page:
    """A browser's page with a session, on a site of its own."""

    client: httpx.AsyncClient
    key: str
    org_id: UUID
    runtime_database: Database

    async def start(self) -> dict[str, Any]:
        started = await self.client.post("/v1/conversations", json={"client_id": str(uuid4())})
        assert started.status_code == 201, started.text
        return dict(started.json())

    async def write(self, conversation: str, text: str, client_id: UUID | None = None) -> httpx.Response:
        body = {"client_id": str(client_id or uuid4()), "text": text}
        return await self.client.post(f"/v1/conversations/{conversation}/messages", json=body)


@pytest.fixture
async def page(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Page]:
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[ORIGIN])
    async with server.client(headers={"Origin": ORIGIN}) as client:
        session_ = (await client.post("/v1/sessions", json={"site": site.key})).json()
        client.headers["Authorization"] = f"Bearer {session_['token']}"
        yield Page(client, site.key, org_id, database)


async def test_a_site_says_how_it_looks(page: Page) -> None:
    answer = await page.client.get(f"/v1/sites/{page.key}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    body = answer.json()
    assert (body["name"], body["organisation"], body["availability"]) == (
        "Northwind help",
        "Northwind",
        {"online": False},
    )


async def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    assert body["detail"]
    return body


async def test_an_unknown_site_key_is_told_plainly(page: Page) -> None:
    await problem(await page.client.get("/v1/sites/site_unknown"), 404, "site_unknown")
    await problem(await page.client.post("/v1/sessions", json={"site": "nope"}), 404, "site_unknown")


async def test_a_foreign_origin_is_refused_in_words_that_its_page_can_read(page: Page) -> None:
    foreign = {"Origin": "https://evil.example"}
    for response in (
        await page.client.get(f"/v1/sites/{page.key}", headers=foreign),
        await page.client.post("/v1/sessions", json={"site": page.key}, headers=foreign),
        await page.client.get("/v1/conversations", headers=foreign),
    ):
        await problem(response, 403, "origin_forbidden")
        assert response.headers["access-control-allow-origin"] == "https://evil.example"


async def test_a_preflight_is_answered(page: Page) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = await page.client.options("/v1/conversations", headers=asked)
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer forged", "Basic YTpi"])
async def test_a_forged_token_is_refused(page: Page, header: str) -> None:
    answer = await page.client.get("/v1/conversations", headers={"Authorization": header})
    await problem(answer, 401, "token_invalid")


async def test_an_expired_token_says_so(page: Page) -> None:
    async with page.runtime_database.transaction(page.org_id) as session:
        await session.execute(update(VisitorSession).values(expires_at=now()))
    await problem(await page.client.get("/v1/conversations"), 401, "token_expired")


async def test_the_same_write_again_gives_the_same_answer(page: Page) -> None:
    client_id = uuid4()
    started = [
        await page.client.post("/v1/conversations", json={"client_id": str(client_id)}) for _ in range(2)
    ]
    assert [answer.status_code for answer in started] == [201, 200]
    conversation = started[0].json()["id"]
    assert started[1].json()["id"] == conversation
    posted = [await page.write(conversation, "Hello there", client_id) for _ in range(2)]
    assert [answer.status_code for answer in posted] == [201, 200]
    assert posted[0].json() == posted[1].json()


@pytest.mark.parametrize(
    ("text", "code"), [("", "message_empty"), (" \n ", "message_empty"), ("x" * 5001, "message_too_long")]
)
async def test_an_unusable_message_is_refused_and_nothing_is_kept(page: Page, text: str, code: str) -> None:
    conversation = (await page.start())["id"]
    await problem(await page.write(conversation, text), 422, code)
    assert (await page.client.get(f"/v1/conversations/{conversation}")).json()["last_seq"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"client_id": 1, "text": "x"}', b'{"text": "x"}'])
async def test_a_malformed_body_is_a_problem_not_a_crash(page: Page, body: bytes) -> None:
    conversation = (await page.start())["id"]
    answer = await page.client.post(
        f"/v1/conversations/{conversation}/messages",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    await problem(answer, 400, "bad_request")


async def test_somebody_elses_conversation_is_not_there(page: Page) -> None:
    conversation = (await page.start())["id"]
    token = (await page.client.post("/v1/sessions", json={"site": page.key})).json()["token"]
    stranger = {"Authorization": f"Bearer {token}"}
    base = f"/v1/conversations/{conversation}"
    body = {"client_id": str(uuid4()), "text": "hi"}
    for answer in (
        await page.client.get(base, headers=stranger),
        await page.client.get(f"{base}/events", headers=stranger),
        await page.client.get(f"{base}/events", headers=stranger | {"Accept": "text/event-stream"}),
        await page.client.post(f"{base}/messages", json=body, headers=stranger),
        await page.client.post(f"{base}/handoff", json={}, headers=stranger),
        await page.client.post(f"{base}/stop", headers=stranger),
        await page.client.put(f"{base}/read", json={"seq": 1}, headers=stranger),
        await page.client.post(
            f"{base}/contact", json={"client_id": str(uuid4()), "email": "a@b.example"}, headers=stranger
        ),
    ):
        await problem(answer, 404, "conversation_unknown")


@pytest.mark.parametrize("position", ["nonsense", "epoch:", "epoch:-1", "epoch:1e3", "epoch:٣", ":5"])
async def test_a_position_that_no_stream_sent_is_refused(page: Page, position: str) -> None:
    conversation = (await page.start())["id"]
    headers = {b"Accept": b"text/event-stream", b"Last-Event-ID": position.encode()}
    answer = await page.client.get(f"/v1/conversations/{conversation}/events", headers=headers)
    await problem(answer, 422, "position_invalid")


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


async def test_asking_for_a_person_says_whether_somebody_is_there(page: Page) -> None:
    conversation = (await page.start())["id"]
    answers = [await page.client.post(f"/v1/conversations/{conversation}/handoff", json={}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [
        {"status": "waiting", "assignee": None, "availability": {"online": False}}
    ] * 2


async def test_contact_details_are_checked_and_kept(page: Page) -> None:
    conversation = (await page.start())["id"]
    url = f"/v1/conversations/{conversation}/contact"
    wrong = await page.client.post(url, json={"client_id": str(uuid4()), "email": "not an address"})
    await problem(wrong, 422, "invalid")
    body = {"client_id": str(uuid4()), "email": "ann@example.org", "name": "Ann"}
    assert [(await page.client.post(url, json=body)).status_code for _ in range(2)] == [204, 204]
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert [message["notice"] for message in snapshot["messages"]] == [
        {"kind": "contact_left", "name": "ann@example.org"}
    ]


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


async def test_the_api_documentation_is_valid_and_names_every_route(server: RunningServer) -> None:
    from openapi_spec_validator import validate

    async with server.client() as client:
        schema = (await client.get("/schema/openapi.json")).json()
        shown = await client.get("/schema/")
    validate(schema)
    assert shown.status_code == 200
    assert {path for path in schema["paths"] if path.startswith("/v1/")} >= {
        "/v1/sessions",
        "/v1/conversations",
        "/v1/conversations/{conversation_id}/events",
    }


async def test_health(server: RunningServer) -> None:
    async with server.client() as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
