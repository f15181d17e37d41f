"""Who types, who looks, who is there: what each side is told, and what the visitor is never told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.kit.db import Database
from app.realtime import attendance
from tests.doors.console import Member, at_console
from tests.doors.pages import Page, problem
from tests.serving import RunningServer


@dataclass
class Stream:
    """An open stream. `seen` is what has been read of it: (event, data)."""

    lines: AsyncIterator[str]
    seen: list[tuple[str, Any]] = field(default_factory=list)

    async def until(self, kind: str, **about: Any) -> None:
        """Reads on until a frame of this kind says this; fails after five seconds."""
        try:
            async with asyncio.timeout(5):
                while True:
                    event, data = await self._next()
                    if event == kind and about.items() <= data.items():
                        return
        except TimeoutError:
            raise AssertionError(f"No {kind} with {about} in {self.seen}") from None

    async def _next(self) -> tuple[str, Any]:
        event = ""
        async for line in self.lines:
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            if name == "data":
                body = json.loads(value)
                self.seen.append((event, body["data"] if "kind" in body else body))
                return self.seen[-1]
        raise AssertionError(f"The stream has ended: {self.seen}")


@asynccontextmanager
async def stream(client: httpx.AsyncClient, address: str) -> AsyncIterator[Stream]:
    headers = {"Accept": "text/event-stream"}
    async with client.stream("GET", address, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        opened = Stream(answer.aiter_lines())
        await opened.until("ready")
        yield opened


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "LINGER_S", 0.2)
    monkeypatch.setattr(attendance, "TICK_S", 0.05)


@pytest.fixture
async def maya(server: RunningServer, database: Database, page: Page) -> AsyncIterator[Member]:
    async with at_console(server, database, page.org_id) as member:
        yield member


@pytest.fixture
async def jonas(server: RunningServer, database: Database, page: Page) -> AsyncIterator[Member]:
    async with at_console(server, database, page.org_id, name="Jonas Lind") as member:
        yield member


@pytest.fixture
async def talk(page: Page) -> str:
    """A conversation that waits for a person."""
    conversation = (await page.start())["id"]
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    await page.write(conversation, "Where is my parcel?")
    return str(conversation)


def events(talk: str) -> str:
    return f"/v1/conversations/{talk}/events"


async def types(page: Page, talk: str, *, typing: bool = True) -> None:
    answer = await page.client.post(f"/v1/conversations/{talk}/typing", json={"typing": typing})
    assert (answer.status_code, answer.content) == (204, b"")


async def agent_types(member: Member, talk: str, typing: str = "true") -> int:
    return (await member.press(f"/console/conversations/{talk}/typing", typing=typing)).status_code


async def test_the_console_hears_that_the_visitor_types(page: Page, talk: str, maya: Member) -> None:
    async with stream(maya.client, f"/console/live?conversation={talk}") as live:
        await types(page, talk)
        await live.until("typing", conversation=talk, names=["Visitor"])
        await types(page, talk, typing=False)
        await live.until("typing", conversation=talk, names=[])
        await types(page, talk)
        await live.until("typing", names=["Visitor"])
        await page.write(talk, "It has the number 7.")
        await live.until("typing", names=[])


async def test_who_types_no_more_is_forgotten(
    page: Page, talk: str, maya: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.realtime.presence.TYPING_EVERY_S", 0.0)
    monkeypatch.setattr("app.realtime.presence.TYPING_S", 0.5)
    async with stream(maya.client, f"/console/live?conversation={talk}") as live:
        await types(page, talk)
        await live.until("typing", names=["Visitor"])
        await live.until("typing", names=[])


async def test_who_types_very_often_is_passed_over_in_silence(
    page: Page, talk: str, maya: Member, server: RunningServer
) -> None:
    async with stream(maya.client, f"/console/live?conversation={talk}") as live:
        await asyncio.gather(*(types(page, talk) for _ in range(40)))
        await types(page, talk, typing=False)
        await live.until("typing", names=[])
    assert [data["names"] for kind, data in live.seen if kind == "typing"] in ([["Visitor"], []], [[]])
    server.runtime.limits._seen.clear()


async def test_the_visitor_hears_of_an_agent_who_types_until_they_post(
    page: Page, talk: str, maya: Member
) -> None:
    await maya.press(f"/console/conversations/{talk}/take-over")
    async with stream(page.client, events(talk)) as live:
        assert await agent_types(maya, talk) == 204
        await live.until("typing", names=["Maya Kaur"])
        await maya.press(
            f"/console/conversations/{talk}/messages", client_id=str(uuid4()), text="On its way."
        )
        await live.until("typing", names=[])
        assert ("message.posted", "On its way.") in [
            (kind, data["data"]["text"] if "data" in data else data.get("text")) for kind, data in live.seen
        ]


@pytest.mark.parametrize("verb", ["hand-back", "resolve"])
async def test_who_lets_go_of_a_conversation_types_in_it_no_more(
    page: Page, talk: str, maya: Member, verb: str
) -> None:
    await maya.press(f"/console/conversations/{talk}/take-over")
    async with stream(page.client, events(talk)) as live:
        await agent_types(maya, talk)
        await live.until("typing", names=["Maya Kaur"])
        await maya.press(f"/console/conversations/{talk}/{verb}")
        await live.until("typing", names=[])


async def test_a_stream_that_begins_is_told_who_types(page: Page, talk: str, maya: Member) -> None:
    await maya.press(f"/console/conversations/{talk}/take-over")
    await agent_types(maya, talk)
    async with stream(page.client, events(talk)) as live:
        await live.until("typing", names=["Maya Kaur"])


async def test_typing_in_a_conversation_that_is_not_yours_is_refused_and_heard_by_nobody(
    page: Page, talk: str, maya: Member, jonas: Member
) -> None:
    assert await agent_types(jonas, talk) == 409, "it waits, and nobody has it"
    await maya.press(f"/console/conversations/{talk}/take-over")
    refused = await jonas.press(f"/console/conversations/{talk}/typing", typing="true")
    assert refused.status_code == 409
    assert "Maya Kaur has this conversation." in refused.text
    assert await agent_types(jonas, talk, "false") == 204, "to stop is no claim"
    assert await agent_types(jonas, str(uuid4())) == 404
    assert await agent_types(jonas, talk, "perhaps") == 400
    async with stream(page.client, events(talk)) as live:
        await agent_types(maya, talk)
        await live.until("typing", names=["Maya Kaur"])


async def test_the_visitor_never_hears_who_merely_looks(page: Page, talk: str, maya: Member) -> None:
    async with stream(page.client, events(talk)) as visitors:
        await visitors.until("presence", online=False)
        async with stream(maya.client, f"/console/live?conversation={talk}") as live:
            await live.until("viewing", members=[], visitor=True)
            await visitors.until("presence", online=True)
        await visitors.until("presence", online=False)
    assert "Maya" not in json.dumps(visitors.seen)
    assert str(maya.known.id) not in json.dumps(visitors.seen)


async def test_who_looks_at_a_conversation_sees_who_else_does(
    page: Page, talk: str, maya: Member, jonas: Member
) -> None:
    others = [{"id": str(jonas.known.id), "name": "Jonas Lind"}]
    async with stream(maya.client, f"/console/live?conversation={talk}") as live:
        await live.until("viewing", conversation=talk, members=[], visitor=False)
        async with stream(jonas.client, f"/console/live?conversation={talk}"):
            await live.until("viewing", members=others, visitor=False)
            async with stream(page.client, events(talk)):
                await live.until("viewing", members=others, visitor=True)
            await live.until("viewing", members=others, visitor=False)
        await live.until("viewing", members=[], visitor=False)


async def test_members_hear_who_of_them_is_there(page: Page, maya: Member, jonas: Member) -> None:
    me, other = str(maya.known.id), str(jonas.known.id)
    async with stream(maya.client, "/console/live") as live:
        await live.until("presence", members=[me])
        async with stream(jonas.client, "/console/live"):
            await live.until("presence", members=[other, me])
        await live.until("presence", members=[me])
        await jonas.client.get("/console/alive")
        await live.until("presence", members=[other, me])


async def test_typing_is_refused_like_every_call(page: Page, talk: str) -> None:
    address = f"/v1/conversations/{talk}/typing"
    problem(await page.client.post(address, json={"typing": "perhaps"}), 400, "bad_request")
    stranger = {"Authorization": "Bearer forged"}
    answer = await page.client.post(address, json={"typing": True}, headers=stranger)
    problem(answer, 401, "token_invalid")
    unknown = await page.client.post(f"/v1/conversations/{uuid4()}/typing", json={"typing": True})
    problem(unknown, 404, "conversation_unknown")


async def test_a_visitor_types_only_in_conversations_of_their_own(
    page: Page, talk: str, server: RunningServer
) -> None:
    async with server.client(headers={"Origin": page.client.headers["Origin"]}) as other:
        session = (await other.post("/v1/sessions", json={"site": page.key})).json()
        other.headers["Authorization"] = f"Bearer {session['token']}"
        answer = await other.post(f"/v1/conversations/{talk}/typing", json={"typing": True})
        problem(answer, 404, "conversation_unknown")
    assert server.runtime.presence.typing(UUID(talk)) == []


async def test_nothing_is_held_once_everybody_has_gone(
    page: Page, talk: str, maya: Member, server: RunningServer
) -> None:
    people = server.runtime.presence.attendance
    async with (
        stream(maya.client, f"/console/live?conversation={talk}") as live,
        stream(page.client, events(talk)),
    ):
        await types(page, talk)
        await live.until("typing", names=["Visitor"])
        await types(page, talk, typing=False)
    async with asyncio.timeout(5):
        while any(talk in topic for topic in [*people._held, *(topic for topic, _ in people._staying)]):
            await asyncio.sleep(0.02)
