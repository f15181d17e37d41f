"""Questions with answers and snippets, as an admin writes them in the console."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge import faq
from tests.doors.console import HTMX, Member, at_console, visible
from tests.serving import RunningServer

HOME = "/console/knowledge/written"
PAYING = {
    "kind": "faq",
    "questions": "How can I pay?\nWhich cards do you take?",
    "text": "By card.",
    "active": "1",
}


@pytest.fixture
async def admin(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, role="admin", name="Ada Admin") as member:
        yield member


async def the_entry(database: Database, org_id: UUID) -> faq.FaqEntry:
    async with database.transaction(org_id) as session:
        (entry,) = await faq.entries(session, active=False)
        return entry


async def test_an_entry_is_written_read_edited_switched_and_deleted(
    admin: Member, database: Database, org_id: UUID
) -> None:
    assert "Nothing is written yet" in await admin.page(HOME)
    assert "one in a line" in await admin.page(f"{HOME}?new=faq")
    written = await admin.press(HOME, **PAYING)
    assert written.headers["hx-push-url"] == HOME
    assert "How can I pay? By card." in visible(written.text)
    entry = await the_entry(database, org_id)
    async with asyncio.timeout(30):
        while "Ready Answer 2 ways to ask" not in (page := await admin.page(HOME)):
            await asyncio.sleep(0.1)
    assert "Turn off" in page
    passages = await admin.page(f"/console/knowledge/documents/{entry.id}")
    assert "Which cards do you take?" in passages
    assert "By card." in (await admin.client.get(f"{HOME}?edit={entry.id}")).text
    changed = await admin.press(f"{HOME}/{entry.id}", **{**PAYING, "text": "By invoice."})
    assert "By invoice." in visible(changed.text)
    off = await admin.press(f"{HOME}/{entry.id}/switch", active="")
    assert "Off Answer" in visible(off.text)
    assert not (await the_entry(database, org_id)).active
    assert "Nothing is written yet" in visible((await admin.press(f"{HOME}/{entry.id}/delete")).text)
    await admin.page(f"{HOME}?edit={entry.id}", 404)


async def test_without_scripts_saving_leads_back_to_the_list(admin: Member) -> None:
    answer = await admin.client.post(HOME, data=PAYING)
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)


async def test_what_is_missing_is_said(admin: Member) -> None:
    refused = await admin.press(HOME, kind="snippet", questions="", text="Text")
    assert (refused.status_code, "Give the snippet a title." in visible(refused.text)) == (422, True)
    await admin.press(HOME, **PAYING)
    again = await admin.press(HOME, **PAYING)
    assert (again.status_code, "Edit that one" in visible(again.text)) == (409, True)


async def test_a_table_goes_out_and_comes_back(admin: Member, database: Database, org_id: UUID) -> None:
    await admin.press(HOME, **{**PAYING, "text": "=1+1"})
    table = await admin.client.get(f"{HOME}/table")
    assert table.headers["content-type"].startswith("text/csv")
    assert "'=1+1" in table.text
    more = table.text + '"Where are you?\nIn which town?","In Lisbon; by the river",en,no\n'
    answer = await admin.client.post(f"{HOME}/table", files={"file": ("q.csv", more)}, headers=HTMX)
    assert answer.status_code in {200, 201}, answer.text
    async with database.transaction(org_id) as session:
        entries = {entry.questions[0]: entry for entry in await faq.entries(session, active=False)}
    assert entries["How can I pay?"].answer == "=1+1"
    lisbon = entries["Where are you?"]
    assert (lisbon.answer, lisbon.language, lisbon.active) == ("In Lisbon; by the river", "en", False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "first line names the columns"),
        (b"questions;answer\nHow?;\n", "Entry 1: Write the answer"),
        (b"", "first line names the columns"),
    ],
)
async def test_a_table_that_cannot_be_used_says_why_and_changes_nothing(
    admin: Member, database: Database, org_id: UUID, content: bytes, said: str
) -> None:
    refused = await admin.client.post(f"{HOME}/table", files={"file": ("q.csv", content)}, headers=HTMX)
    assert (refused.status_code, said in visible(refused.text)) == (422, True), refused.text
    async with database.transaction(org_id) as session:
        assert await faq.entries(session, active=False) == []


async def test_agents_read_admins_write_and_others_see_nothing(
    server: RunningServer, database: Database, org_id: UUID, other_org_id: UUID, admin: Member
) -> None:
    await admin.press(HOME, **PAYING)
    entry = await the_entry(database, org_id)
    async with at_console(server, database, org_id) as agent:
        page = await agent.page(HOME)
        assert "How can I pay?" in page
        assert "Delete" not in page
        for path in ("", f"/{entry.id}", f"/{entry.id}/switch", f"/{entry.id}/delete"):
            assert (await agent.press(HOME + path, **PAYING)).status_code == 403
    async with at_console(server, database, other_org_id, role="admin") as stranger:
        assert "How can I pay?" not in await stranger.page(HOME)
        for path in (f"/{entry.id}", f"/{entry.id}/switch", f"/{entry.id}/delete"):
            assert (await stranger.press(HOME + path, **PAYING)).status_code == 404
