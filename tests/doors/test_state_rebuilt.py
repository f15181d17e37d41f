"""Whatever a client missed: what it held before, with the events since, equals what the server says now.

A run uses every kind of event. After each step the conversation is read; the widget's own code then rebuilds the end
from each of these stale snapshots.
"""

import ast
import asyncio
import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from app.conversations.editing import delete, edit
from app.kit.db import Database
from tests.doors.console import Member, at_console
from tests.doors.pages import Page
from tests.factories import create_agent
from tests.rooms.attached import png
from tests.serving import RunningServer

ROOT = Path(__file__).parents[2]
State = dict[str, Any]


class Course:
    """A conversation, and what was read of it on the way."""

    def __init__(self, page: Page, started: State) -> None:
        self.page = page
        self.id: str = started["id"]
        self.snapshots = [started]

    async def now(self) -> State:
        return dict((await self.page.client.get(f"/v1/conversations/{self.id}")).json())

    async def visitor(self, method: str, path: str, **body: object) -> None:
        answer = await self.page.client.request(method, f"/v1/{path}", json=body)
        assert answer.status_code < 300, answer.text
        self.snapshots.append(await self.now())

    async def member(self, member: Member, verb: str, **fields: str) -> None:
        answer = await member.press(f"/console/conversations/{self.id}/{verb}", **fields)
        assert answer.status_code < 300, answer.text
        self.snapshots.append(await self.now())

    async def writes(self, text: str) -> None:
        path = f"conversations/{self.id}/messages"
        await self.visitor("POST", path, client_id=str(uuid4()), text=text)

    async def sends_a_file(self, text: str) -> str:
        address = f"/v1/conversations/{self.id}/attachments?name=screen.png"
        file = (await self.page.client.post(address, content=png())).json()["id"]
        path = f"conversations/{self.id}/messages"
        await self.visitor("POST", path, client_id=str(uuid4()), text=text, attachments=[file])
        return str(self.snapshots[-1]["messages"][-1]["id"])

    async def replies(self, member: Member, text: str) -> str:
        await self.member(member, "messages", client_id=str(uuid4()), text=text)
        return str(self.snapshots[-1]["messages"][-1]["id"])

    async def answered(self) -> str:
        async with asyncio.timeout(60):
            while True:
                self.snapshots.append(await self.now())
                said = self.snapshots[-1]["messages"]
                last = next((one for one in reversed(said) if one["author"]["kind"] != "system"), said[-1])
                if last["author"]["kind"] == "bot" and last["state"] == "complete":
                    return str(last["id"])
                await asyncio.sleep(0.1)


async def everything_happens(course: Course, maya: Member, jonas: Member, database: Database) -> None:
    here = f"conversations/{course.id}"
    await course.writes("Hello")
    answer = await course.answered()
    await course.visitor("PUT", f"messages/{answer}/feedback", value="up")
    await course.visitor("POST", f"{here}/handoff")
    await course.visitor("POST", f"{here}/contact", client_id=str(uuid4()), email="ann@example.org")
    await course.member(maya, "take-over")
    await course.member(maya, "read", seq="4")
    said = await course.replies(maya, "I look into it.")
    wrong = await course.replies(maya, "It is lost.")
    await course.sends_a_file("This is how it looks.")
    private = await course.sends_a_file("")
    async with database.transaction(course.page.org_id) as session:
        await edit(session, UUID(said), maya.known, client_id=uuid4(), text="I have looked into it.")
        await delete(session, UUID(wrong), maya.known)
        admin = await create_agent(session, role="admin")
        await delete(session, UUID(private), admin)
    await course.visitor("PUT", f"{here}/read", seq=12)
    await course.member(maya, "transfer", to=str(jonas.known.id))
    await course.member(jonas, "put-back")
    await course.member(maya, "take-over")
    await course.member(maya, "hand-back")
    await course.member(maya, "resolve")
    await course.writes("One more question")
    await course.answered()


async def test_every_stale_snapshot_and_the_events_since_give_what_is_read_now(
    page: Page, server: RunningServer, database: Database
) -> None:
    course = Course(page, await page.start())
    async with (
        at_console(server, database, page.org_id) as maya,
        at_console(server, database, page.org_id, name="Jonas Lind") as jonas,
    ):
        await everything_happens(course, maya, jonas, database)
    events = (await page.client.get(f"/v1/conversations/{course.id}/events")).json()["events"]
    assert {event["kind"] for event in events} == kinds_in_source(), (
        "let the new kind happen in this run, too"
    )
    fresh = comparable(await course.now())
    for case, rebuilt in await rebuild([_case(stale, events) for stale in course.snapshots]):
        assert rebuilt["needs"] == [], case
        assert comparable(rebuilt["state"]) == fresh, f"from the state at {case['snapshot']['last_seq']}"


async def test_what_comes_twice_or_too_late_changes_nothing(page: Page) -> None:
    course = Course(page, await page.start())
    for text in ("One", "Two"):
        await course.writes(text)
    await course.answered()
    events = (await page.client.get(f"/v1/conversations/{course.id}/events")).json()["events"]
    again = random.Random(7).choices(events, k=20)  # noqa: S311 (a course of events, no secret)
    doubled = {"snapshot": course.snapshots[-1], "events": again}
    torn = {"snapshot": course.snapshots[0], "events": [events[0], *events[2:]]}
    (_, twice), (_, gap) = await rebuild([doubled, torn])
    assert comparable(twice["state"]) == comparable(course.snapshots[-1])
    assert set(gap["needs"]) == {"page"}, "who sees a gap asks for what is missing"
    assert gap["state"]["last_seq"] == events[0]["seq"]


def _case(stale: State, events: list[State]) -> State:
    return {"snapshot": stale, "events": [event for event in events if event["seq"] > stale["last_seq"]]}


async def rebuild(cases: list[State]) -> list[tuple[State, State]]:
    """Each case with what the widget's code makes of it: {state, needs}."""
    node = await asyncio.create_subprocess_exec(
        *("sh", "scripts/with-node", "node", "widget/test/rebuild.mjs"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await node.communicate(json.dumps(cases).encode())
    assert node.returncode == 0
    return list(zip(cases, json.loads(said), strict=True))


def comparable(state: State) -> State:
    """Without the time of the last change, which no event tells, and what only the client knows."""
    return {key: value for key, value in state.items() if key not in {"updated_at", "read_at"}}


def kinds_in_source() -> set[str]:
    """Every kind of event that some verb logs; a message is logged by what stores it."""
    found = {"message.posted"}
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log_event":
                kind = node.args[2]
                assert isinstance(kind, ast.Constant), (
                    f"{file.name} logs an event whose kind is not written there"
                )
                found.add(str(kind.value))
    return found
