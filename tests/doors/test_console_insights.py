"""Insights at the console: what was asked in vain, and golden questions."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.answering.models import Answer
from app.conversations.models import Message
from app.handoff import queue
from app.kit.db import Database
from app.kit.ids import new_id
from tests.doors.console import HTMX, Member, at_console, visible
from tests.factories import Talk, create_talk, say
from tests.serving import RunningServer

GOLDEN = "/console/insights/golden"
RETURNS = {"question": "How long can I return a parasol?", "must_say": "30 days\n", "source": "shop"}


@pytest.fixture
async def admin(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, role="admin", name="Ada Admin") as member:
        yield member


async def asked_in_vain(
    database: Database, org_id: UUID, question: str, *, ago: timedelta, **more: str
) -> Talk:
    """A question with its answer, as the assistant leaves them."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        answer = Message(
            id=new_id(),
            org_id=org_id,
            conversation_id=talk.id,
            seq=900,
            client_id=uuid4(),
            author_kind="bot",
            text="I don't know.",
            feedback=more.get("feedback"),
        )
        session.add(answer)
        await session.flush()
        session.add(
            Answer(
                message_id=answer.id,
                org_id=org_id,
                conversation_id=talk.id,
                question=question,
                search_query={},
                passages=[],
                decision={},
                state="complete",
                outcome=more.get("outcome", "unknown"),
                prompt=[],
                timings={},
                created_at=datetime.now(UTC) - ago,
            )
        )
        return talk


async def test_what_was_asked_in_vain_is_gathered_the_newest_first(
    admin: Member, database: Database, org_id: UUID
) -> None:
    assert "Nothing was asked in vain" in await admin.page("/console/insights")
    hours = timedelta(hours=1)
    await asked_in_vain(database, org_id, "Do you ship to Norway?", ago=5 * hours)
    await asked_in_vain(
        database, org_id, "Can I pay by invoice?", ago=3 * hours, outcome="answered", feedback="down"
    )
    await asked_in_vain(database, org_id, "do you ship to norway", ago=2 * hours)
    await asked_in_vain(database, org_id, "Is there a warranty?", ago=1 * hours, outcome="answered")
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        for text in ("Is my parcel insured against theft?", "I want to talk to a person"):
            await say(session, talk, text)
        await queue.request(session, talk.id, reason="asked for a person")
    page = await admin.page("/console/insights")
    places = [
        page.index(each)
        for each in ("Is my parcel insured", "do you ship to norway", "Can I pay by invoice?")
    ]
    assert places == sorted(places)
    assert (
        "2 conversations do you ship to norway 1 other way to ask Do you ship to Norway? not known 2×" in page
    )
    assert "Can I pay by invoice? no help" in page
    assert "theft? went to people" in page
    assert "warranty" not in page
    assert "talk to a person" not in page


async def test_an_answer_that_is_written_takes_its_question_from_the_list(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await asked_in_vain(database, org_id, "Do you ship to Norway?", ago=timedelta(hours=1))
    html = (await admin.client.get("/console/insights")).text
    assert "/console/knowledge/written?new=faq&amp;ask=Do+you+ship+to+Norway%3F" in html.replace("%20", "+")
    form = await admin.client.get(
        "/console/knowledge/written", params={"new": "faq", "ask": "Do you ship to Norway?"}
    )
    assert ">Do you ship to Norway?</textarea>" in form.text
    entry = {"kind": "faq", "questions": "Do you ship to Norway?", "text": "Yes, in a week.", "active": "1"}
    await admin.press("/console/knowledge/written", **entry)
    assert "Nothing was asked in vain" in await admin.page("/console/insights")
    await asked_in_vain(database, org_id, "Do you ship to Norway?", ago=timedelta(seconds=-60))
    assert "2 conversations Do you ship to Norway?" in await admin.page("/console/insights")


async def test_golden_questions_are_written_changed_asked_and_deleted(admin: Member) -> None:
    assert "No golden questions yet" in await admin.page(GOLDEN)
    written = await admin.press(GOLDEN, **RETURNS)
    assert written.headers["hx-push-url"] == GOLDEN
    assert "How long can I return a parasol? cites shop says “ 30 days ”" in visible(written.text)
    assert "Asking…" in visible((await admin.press(f"{GOLDEN}/runs")).text)
    async with asyncio.timeout(60):
        while "0 of 1 right" not in (page := await admin.page(GOLDEN)):
            await asyncio.sleep(0.1)
    assert "Declined, and should have been answered." in page
    html = (await admin.client.get(GOLDEN)).text
    run = html.split(f"{GOLDEN}/runs/")[-1].split('"')[0]
    shown = await admin.page(f"{GOLDEN}/runs/{run}")
    assert "nothing: this is the first run" in shown
    assert "Wrong How long can I return a parasol?" in shown
    question = html.split('id="g-')[1].split('"')[0]
    assert "30 days" in (await admin.client.get(f"{GOLDEN}?edit={question}")).text
    changed = await admin.press(f"{GOLDEN}/{question}", question="What do you weigh?", declined="1")
    assert "What do you weigh? should be declined" in visible(changed.text)
    assert "No golden questions yet" in visible((await admin.press(f"{GOLDEN}/{question}/delete")).text)
    await admin.page(f"{GOLDEN}?edit={question}", 404)
    await admin.page(f"{GOLDEN}/runs/{uuid4()}", 404)


async def test_golden_questions_come_and_go_as_a_table(admin: Member) -> None:
    file = ("golden.csv", "question,must_say\nHow long?,30 days|thirty\n")
    taken = await admin.client.post(f"{GOLDEN}/table", files={"file": file}, headers=HTMX)
    assert "How long?" in visible(taken.text)
    table = (await admin.client.get(f"{GOLDEN}/table")).text
    assert "How long?,,30 days|thirty,," in table
    refused = await admin.client.post(f"{GOLDEN}/table", files={"file": ("x.csv", "a,b\n")}, headers=HTMX)
    assert (refused.status_code, "first line names the columns" in visible(refused.text)) == (422, True)
    nothing = await admin.press(f"{GOLDEN}", question=" ")
    assert (nothing.status_code, "Write the question" in visible(nothing.text)) == (422, True)


async def test_agents_read_golden_questions_and_others_see_nothing(
    server: RunningServer, database: Database, org_id: UUID, other_org_id: UUID, admin: Member
) -> None:
    await admin.press(GOLDEN, **RETURNS)
    await asked_in_vain(database, org_id, "Do you ship to Norway?", ago=timedelta(hours=1))
    question = (await admin.client.get(GOLDEN)).text.split('id="g-')[1].split('"')[0]
    paths = ("", f"/{question}", f"/{question}/delete", "/runs")
    async with at_console(server, database, org_id) as agent:
        assert "How long can I return" in await agent.page(GOLDEN)
        assert "Do you ship to Norway?" in await agent.page("/console/insights")
        assert [(await agent.press(GOLDEN + path, **RETURNS)).status_code for path in paths] == [403] * 4
    async with at_console(server, database, other_org_id, role="admin") as stranger:
        assert "How long can I return" not in await stranger.page(GOLDEN)
        assert "Norway" not in await stranger.page("/console/insights")
        for path in paths[1:3]:
            assert (await stranger.press(GOLDEN + path, **RETURNS)).status_code == 404
