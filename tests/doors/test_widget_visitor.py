"""What a visitor may do with all that is held of them: take it along, and have it erased."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy import text

from app.answering.models import Answer
from app.answering.turn import Context
from app.config import Settings
from app.kit.clock import now
from app.kit.db import Base
from app.realtime.bus import LocalBus
from app.realtime.drafts import Drafts
from app.worker import answer_visitor
from tests.doors.pages import Page, problem


async def test_an_export_holds_all_that_was_said(page: Page) -> None:
    conversation = (await page.start())["id"]
    await page.write(conversation, "Where is my parcel?")
    await page.answered(conversation)
    contact = {"email": "ann@example.org", "name": "Ann", "client_id": str(uuid4())}
    await page.client.post(f"/v1/conversations/{conversation}/contact", json=contact)
    answer = await page.client.get("/v1/visitor/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    kept = answer.json()
    assert (kept["name"], kept["email"]) == ("Ann", "ann@example.org")
    assert [one["id"] for one in kept["conversations"]] == [conversation]
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert kept["conversations"][0]["messages"] == snapshot["messages"]
    assert kept["conversations"][0]["messages"][0]["text"] == "Where is my parcel?"


async def test_nothing_is_left_of_a_visitor_who_has_everything_erased(page: Page) -> None:
    conversation = (await page.start())["id"]
    posted = (await page.write(conversation, "My name is Juniper Larch")).json()
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    contact = {"email": "juniper@larch.example", "client_id": str(uuid4())}
    await page.client.post(f"/v1/conversations/{conversation}/contact", json=contact)
    await page.client.put(f"/v1/conversations/{conversation}/read", json={"seq": 1})
    await _record_an_answer(page, UUID(conversation), UUID(posted["id"]))

    assert (await page.client.delete("/v1/visitor")).status_code == 204

    left = await _everything(page)
    assert not [row for row in left if "juniper" in row.lower() or conversation in row]
    problem(await page.client.get(f"/v1/conversations/{conversation}"), 401, "token_invalid")
    problem(await page.client.delete("/v1/visitor"), 401, "token_invalid")


async def test_erasing_ends_the_visitors_streams(page: Page) -> None:
    conversation = (await page.start())["id"]
    url = f"/v1/conversations/{conversation}/events"
    async with page.client.stream("GET", url, headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line == "event: ready":
                break
        await page.client.delete("/v1/visitor")
        async with asyncio.timeout(5):
            assert [line async for line in lines if "message" in line] == []


async def test_a_job_for_an_erased_conversation_has_nothing_to_do(page: Page) -> None:
    payload = {"conversation": str(uuid4()), "message": str(uuid4())}
    context = Context(Settings(), page.runtime_database, Drafts(LocalBus()))
    await answer_visitor(context, page.org_id, payload)


async def _record_an_answer(page: Page, conversation_id: UUID, message_id: UUID) -> None:
    async with page.runtime_database.transaction(page.org_id) as session:
        session.add(
            Answer(
                message_id=message_id,
                org_id=page.org_id,
                conversation_id=conversation_id,
                question="My name is Juniper Larch",
                search_query={},
                passages=[],
                state="complete",
                timings={},
                created_at=now(),
            )
        )


async def _everything(page: Page) -> list[str]:
    """Every row of the organisation, as text."""
    tables = [table.name for table in Base.metadata.sorted_tables if "org_id" in table.c]
    async with page.runtime_database.transaction(page.org_id) as session:
        found = [await session.scalars(text(f"SELECT t::text FROM {name} t")) for name in tables]  # noqa: S608
        return [row for rows in found for row in rows]
