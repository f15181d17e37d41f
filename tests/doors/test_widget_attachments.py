"""Files that visitors attach: sent, posted with a message, read again, gone."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import update

from app.answering.phrases import PHRASES
from app.conversations import attachments, messaging
from app.conversations.editing import delete
from app.conversations.models import Attachment
from app.handoff import queue
from app.kit.clock import now
from app.kit.db import Database
from tests.doors.files import post, read, send, sent, stored
from tests.doors.pages import Page, problem
from tests.factories import create_agent
from tests.rooms.attached import PDF, png


async def test_a_picture_is_sent_posted_and_read_by_the_visitor(page: Page) -> None:
    conversation = (await page.start())["id"]
    picture = png()
    file = await sent(page, conversation, picture)
    assert file == {"id": file["id"], "name": "screen.png", "type": "image/png", "size": len(picture)}
    posted = (await post(page, conversation, [file["id"]], "Look at this")).json()
    assert posted["attachments"] == [file]
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert snapshot["messages"][0] == posted
    events = (await page.client.get(f"/v1/conversations/{conversation}/events")).json()["events"]
    assert events[0]["data"] == posted
    kept = (await page.client.get("/v1/visitor/export")).json()
    assert kept["conversations"][0]["messages"][0]["attachments"] == [file]
    answer = await read(page, conversation, file["id"])
    assert answer.content == picture
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith('inline; filename="screen.png"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "private" in answer.headers["cache-control"]


async def test_what_is_no_picture_is_downloaded(page: Page) -> None:
    conversation = (await page.start())["id"]
    file = await sent(page, conversation, PDF, 'Rechnung "März" 📄.pdf')
    answer = await read(page, conversation, file["id"])
    assert answer.headers["content-type"] == "application/pdf"
    told = answer.headers["content-disposition"]
    assert told.startswith('attachment; filename="Rechnung _M_rz_ _.pdf"')
    assert told.endswith("filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22%20%F0%9F%93%84.pdf")


async def test_a_message_of_files_alone_needs_no_text_and_every_other_does(page: Page) -> None:
    conversation = (await page.start())["id"]
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    file = await sent(page, conversation, png())
    problem(await post(page, conversation, []), 422, "message_empty")
    posted = await post(page, conversation, [file["id"]], " \u200b ")
    assert (posted.status_code, posted.json()["text"]) == (201, "")
    listed = (await page.client.get("/v1/conversations")).json()["items"][0]
    assert listed["preview"] == "screen.png"


async def test_the_assistant_says_that_it_reads_no_files_and_brings_a_person_who_does(page: Page) -> None:
    conversation = (await page.start())["id"]
    file = await sent(page, conversation, png())
    await post(page, conversation, [file["id"]])
    said = (await page.answered(conversation))["messages"][-1]
    assert said["text"] == PHRASES["files"]["en"]
    await page.write(conversation, "Yes, please")
    async with asyncio.timeout(30):
        while (await page.client.get(f"/v1/conversations/{conversation}")).json()["status"] != "waiting":
            await asyncio.sleep(0.05)


async def test_the_assistant_says_so_in_the_language_of_the_widget(page: Page) -> None:
    started = (await page.client.post("/v1/sessions", json={"site": page.key, "language": "de-AT"})).json()
    page.client.headers["Authorization"] = f"Bearer {started['token']}"
    conversation = (await page.start())["id"]
    file = await sent(page, conversation, png())
    await post(page, conversation, [file["id"]])
    assert (await page.answered(conversation))["messages"][-1]["text"] == PHRASES["files"]["de"]


async def test_what_is_sent_twice_is_kept_and_posted_once(page: Page) -> None:
    conversation = (await page.start())["id"]
    name_of_file, name_of_message = uuid4(), uuid4()
    first = await send(page, conversation, png(), client_id=name_of_file)
    again = await send(page, conversation, png(), client_id=name_of_file)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    ids = [first.json()["id"]]
    posted = await post(page, conversation, ids, client_id=name_of_message)
    repeated = await post(page, conversation, ids, client_id=name_of_message)
    assert (posted.status_code, repeated.status_code) == (201, 200)
    assert posted.json() == repeated.json()
    assert (await send(page, conversation, png(), client_id=name_of_file)).json() == first.json()
    assert await stored(page) == 1


async def test_files_that_nobody_posts_go_after_a_day(page: Page) -> None:
    conversation = (await page.start())["id"]
    waiting, fresh = [(await sent(page, conversation, png()))["id"] for _ in range(2)]
    posted = (await sent(page, conversation, png()))["id"]
    await post(page, conversation, [posted])
    async with page.runtime_database.transaction(page.org_id) as session:
        yesterday = now() - timedelta(days=1, minutes=1)
        old = update(Attachment).where(Attachment.id.in_([UUID(waiting), UUID(posted)]))
        await session.execute(old.values(created_at=yesterday))
        await attachments.tidy(session)
    assert (await read(page, conversation, waiting)).status_code == 404
    assert (await read(page, conversation, fresh)).status_code == 200
    assert (await read(page, conversation, posted)).status_code == 200


async def test_spam_takes_no_files_and_a_resolved_conversation_is_opened_again(
    page: Page, database: Database
) -> None:
    conversation = (await page.start())["id"]
    async with database.transaction(page.org_id) as session:
        agent = await create_agent(session)
        await queue.resolve(session, UUID(conversation), agent)
    file = (await sent(page, conversation, png()))["id"]
    assert (await post(page, conversation, [file], "Again")).status_code == 201
    assert (await page.client.get(f"/v1/conversations/{conversation}")).json()["status"] == "bot"
    async with database.transaction(page.org_id) as session:
        await queue.put_away(session, UUID(conversation), agent)
    problem(await send(page, conversation, png()), 409, "conversation_closed")


async def test_with_a_deleted_message_its_files_go_from_everywhere(page: Page, database: Database) -> None:
    conversation = (await page.start())["id"]
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    first, second = [(await sent(page, conversation, png(), f"{n}.png"))["id"] for n in "12"]
    await post(page, conversation, [first])
    gone = (await post(page, conversation, [second], "A passport")).json()
    async with database.transaction(page.org_id) as session:
        admin = await create_agent(session, role="admin")
        await delete(session, UUID(gone["id"]), admin)
        assert (await messaging.get(session, UUID(conversation))).preview == "1.png"
    problem(await read(page, conversation, second), 404, "attachment_unknown")
    assert (await read(page, conversation, first)).status_code == 200
    assert await stored(page) == 1
    for path in ("", "/events"):
        told = (await page.client.get(f"/v1/conversations/{conversation}{path}")).text
        assert "2.png" not in told
        assert "1.png" in told


async def test_erasing_a_visitor_erases_their_files(page: Page) -> None:
    conversation = (await page.start())["id"]
    posted = (await sent(page, conversation, png()))["id"]
    await post(page, conversation, [posted])
    await sent(page, conversation, PDF, "waiting.pdf")
    assert (await page.client.delete("/v1/visitor")).status_code == 204
    assert await stored(page) == 0
