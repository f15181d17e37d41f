"""What members say among themselves about a visitor, looked for at every door that the visitor has."""

import asyncio
import json
from uuid import UUID, uuid4

from app.conversations import editing, queries
from app.handoff import queue
from app.handoff.replies import reply
from app.staff import taking_part
from tests.doors.pages import Page
from tests.factories import create_agent

SECRET = "juniper"


async def test_a_visitor_finds_no_note_no_mention_and_no_hole(page: Page) -> None:
    conversation = (await page.start())["id"]
    live = asyncio.create_task(_stream(page, conversation, until="Goodbye"))
    await page.write(conversation, "I want to talk to a person")
    record = await _members_talk(page, UUID(conversation))
    streamed = await asyncio.wait_for(live, 20)

    path = f"/v1/conversations/{conversation}"
    snapshot = (await page.client.get(path)).json()
    events = (await page.client.get(f"{path}/events?after=0")).json()
    elsewhere = [
        (await page.client.get(address)).text
        for address in ("/v1/conversations", "/v1/visitor/export", f"{path}/events?after=3")
    ]
    for seen in (json.dumps(snapshot), json.dumps(events), json.dumps(streamed), *elsewhere):
        for secret in (SECRET, "mentions", "Ada Admin", str(record)):
            assert secret not in seen
    assert [event["seq"] for event in events["events"]] == list(range(1, snapshot["last_seq"] + 1))
    assert [event["seq"] for event in streamed] == list(range(1, len(streamed) + 1))
    assert "Goodbye" in {message["text"] for message in snapshot["messages"]}


async def test_a_visitor_reaches_no_conversation_of_members_by_its_id(page: Page) -> None:
    conversation = UUID((await page.start())["id"])
    record = await _members_talk(page, conversation)
    for path in ("", "/events", "/messages", "/handoff", "/read"):
        address = f"/v1/conversations/{record}{path}"
        body = {"client_id": str(uuid4()), "text": "Let me in", "seq": 1}
        for answer in (
            await page.client.get(address),
            await page.client.post(address, json=body),
            await page.client.put(address, json=body),
        ):
            assert answer.status_code in {400, 404, 405}, (address, answer.text)
            assert SECRET not in answer.text


async def _members_talk(page: Page, conversation_id: UUID) -> UUID:
    """Notes with a mention, one edited and one deleted, between what the visitor may see; returns their record."""
    async with page.runtime_database.transaction(page.org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
        maya = await create_agent(session)
        await queue.claim(session, conversation_id, maya)
    notes = []
    for number in range(3):
        async with page.runtime_database.transaction(page.org_id) as session:
            said, _ = await taking_part.note(
                session, maya, conversation_id, client_id=uuid4(), text=f"@{ada.name} {SECRET} {number}"
            )
            notes.append(said)
            await reply(session, conversation_id, maya, client_id=uuid4(), text=f"Hello {number}")
    async with page.runtime_database.transaction(page.org_id) as session:
        await editing.edit(session, notes[0].id, maya, client_id=uuid4(), text=f"{SECRET}, edited")
        await editing.delete(session, notes[1].id, ada)
        await taking_part.mark_read(session, ada, notes[0].conversation_id, seq=99)
        await reply(session, conversation_id, maya, client_id=uuid4(), text="Goodbye")
        assert await session.scalar(queries.records_about(session, [conversation_id])) is not None
    return notes[0].conversation_id


async def _stream(page: Page, conversation: str, *, until: str) -> list[dict[str, object]]:
    """The durable events of a live stream, from the first to the one that holds `until`."""
    headers = {"Accept": "text/event-stream"}
    found: list[dict[str, object]] = []
    async with page.client.stream(
        "GET", f"/v1/conversations/{conversation}/events", headers=headers
    ) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            data = json.loads(line.removeprefix("data: "))
            assert SECRET not in line
            if "seq" in data and "kind" in data:
                found.append(data)
            if until in line:
                return found
    raise AssertionError("the stream ended too early")
