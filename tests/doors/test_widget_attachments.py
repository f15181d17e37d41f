"""Files that visitors attach: sent, posted with a message, read again, gone."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select, update

from app.conversations import attachments, messaging
from app.conversations.editing import delete
from app.conversations.models import Attachment
from app.handoff import queue
from app.kit.clock import now
from app.kit.db import Database
from tests.doors.pages import Page, problem
from tests.factories import create_agent
from tests.rooms.attached import PDF, png
from tests.serving import RunningServer

LIMIT = 10 * 1024 * 1024


async def send(
    page: Page, conversation: str, content: bytes, name: str = "screen.png", client_id: UUID | None = None
) -> httpx.Response:
    query = {"name": name, "client_id": str(client_id or uuid4())}
    address = f"/v1/conversations/{conversation}/attachments"
    return await page.client.post(address, params=query, content=content)


async def sent(page: Page, conversation: str, content: bytes, name: str = "screen.png") -> dict[str, Any]:
    answer = await send(page, conversation, content, name)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def post(
    page: Page, conversation: str, ids: list[str], text: str = "", client_id: UUID | None = None
) -> httpx.Response:
    body = {"client_id": str(client_id or uuid4()), "text": text, "attachments": ids}
    return await page.client.post(f"/v1/conversations/{conversation}/messages", json=body)


async def read(page: Page, conversation: str, file: str) -> httpx.Response:
    return await page.client.get(f"/v1/conversations/{conversation}/attachments/{file}")


async def stored(page: Page) -> int:
    async with page.runtime_database.transaction(page.org_id) as session:
        return (await session.scalars(select(func.count()).select_from(Attachment))).one()


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
    assert listed["preview"] == "📎 screen.png"


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


@pytest.mark.parametrize(
    ("name", "content", "kept", "kind"),
    [
        ("../../etc/passwd", b"root:x:0:0", "passwd.txt", "text/plain"),
        ("C:\\Users\\Ann\\shot.PNG", png(), "shot.PNG", "image/png"),
        ("invoice\u202egpj.exe", PDF, "invoicegpj.exe.pdf", "application/pdf"),
        ("run.bat", b"@echo off\r\ndel *.*\r\n", "run.bat.txt", "text/plain"),
        ("", png(), "file.png", "image/png"),
        ("...", png(), "file.png", "image/png"),
        (".htaccess", b"Deny from all", "htaccess.txt", "text/plain"),
        ("a\r\nSet-Cookie: b=c.png", png(), "aSet-Cookie: b=c.png", "image/png"),
        ("ä" * 300 + ".png", png(), "ä" * 196 + ".png", "image/png"),
        ("rates.csv", b"day,low,high\n1,2,3\n2,3,4\n", "rates.csv", "text/csv"),
        ("server.log", b'{"level": "error"}', "server.log", "text/plain"),
        ("نموذج.png", png(), "نموذج.png", "image/png"),
    ],
)
async def test_names_are_cleaned_and_types_are_found_in_the_content(
    page: Page, name: str, content: bytes, kept: str, kind: str
) -> None:
    file = await sent(page, (await page.start())["id"], content, name)
    assert (file["name"], file["type"]) == (kept, kind)


def packed(**files: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for name, text in files.items():
            written.writestr(name.replace("__", "/"), text)
    return archive.getvalue()


async def test_a_document_of_office_is_taken(page: Page) -> None:
    content = packed(word__document_xml="").replace(b"word/document_xml", b"word/document.xml")
    file = await sent(page, (await page.start())["id"], content, "offer.docx")
    assert file["type"].endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<!doctype html><script>alert(1)</script>"),
        ("logo.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("logo.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>'),
        ("readme.md", b"<html><body onload=alert(1)>"),
        ("all.docx", packed(notes="x")),
        ("all.zip", packed(notes="x")),
        ("program.pdf", b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" * 40),
        ("program.txt", b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0" * 40),
        ("photo.tiff", b"II*\0\x08\0\0\0"),
    ],
)
async def test_what_could_run_or_hide_something_is_refused(page: Page, name: str, content: bytes) -> None:
    refused = problem(await send(page, (await page.start())["id"], content, name), 422, "attachment_refused")
    assert "PDF" in refused["detail"]
    assert await stored(page) == 0


async def test_an_empty_file_is_refused(page: Page) -> None:
    conversation = (await page.start())["id"]
    problem(await send(page, conversation, b""), 422, "attachment_empty")
    problem(await send(page, conversation, b" \n ", "blank.txt"), 422, "attachment_empty")


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(page: Page) -> None:
    conversation = (await page.start())["id"]
    refused = problem(await send(page, conversation, b"x" * (LIMIT + 1)), 413, "attachment_too_large")
    assert "10 MB" in refused["detail"]

    async def without_length() -> Any:
        yield b"x"

    address = f"/v1/conversations/{conversation}/attachments"
    problem(await page.client.post(address, content=without_length()), 411, "length_required")
    exactly = b"a line\n" * (LIMIT // 7) + b"\n" * (LIMIT % 7)
    assert (await send(page, conversation, exactly, "long.log")).json()["size"] == LIMIT


async def test_a_message_takes_five_files(page: Page) -> None:
    conversation = (await page.start())["id"]
    ids = [(await sent(page, conversation, png()))["id"] for _ in range(6)]
    problem(await post(page, conversation, ids), 422, "too_many_attachments")
    posted = (await post(page, conversation, ids[:5])).json()
    assert [file["id"] for file in posted["attachments"]] == ids[:5]


async def test_files_that_nobody_posts_do_not_heap_up(page: Page) -> None:
    conversation = (await page.start())["id"]
    ids = [(await sent(page, conversation, png()))["id"] for _ in range(12)]
    assert await stored(page) == 10
    problem(await post(page, conversation, ids[:1]), 409, "attachment_gone")
    assert (await post(page, conversation, ids[-1:])).status_code == 201


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


async def test_a_file_is_posted_once_and_only_where_it_was_sent(page: Page) -> None:
    here, there = (await page.start())["id"], (await page.start())["id"]
    file = (await sent(page, here, png()))["id"]
    for conversation, ids in ((there, [file]), (here, [str(uuid4())]), (here, [file, str(uuid4())])):
        problem(await post(page, conversation, ids), 409, "attachment_gone")
    problem(await read(page, there, file), 404, "attachment_unknown")
    problem(await read(page, here, str(uuid4())), 404, "attachment_unknown")
    assert (await post(page, here, [file, file])).json()["attachments"] == [
        {"id": file, "name": "screen.png", "type": "image/png", "size": len(png())}
    ]
    problem(await post(page, here, [file]), 409, "attachment_gone")
    bad = await post(page, here, ["nonsense"])
    problem(bad, 400, "bad_request")


async def test_nobody_else_reads_or_sends_a_file_there(page: Page, server: RunningServer) -> None:
    conversation = (await page.start())["id"]
    file = (await sent(page, conversation, png()))["id"]
    session = (await page.client.post("/v1/sessions", json={"site": page.key})).json()
    page.client.headers["Authorization"] = f"Bearer {session['token']}"
    problem(await read(page, conversation, file), 404, "conversation_unknown")
    problem(await send(page, conversation, png()), 404, "conversation_unknown")
    page.client.headers["Authorization"] = "Bearer forged"
    problem(await read(page, conversation, file), 401, "token_invalid")


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
        assert (await messaging.get(session, UUID(conversation))).preview == "📎 1.png"
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


async def test_who_sends_very_many_files_is_told_to_wait(page: Page) -> None:
    conversation = (await page.start())["id"]
    answers = [await send(page, conversation, png()) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [201] * 30
    problem(answers[-1], 429, "too_many_requests")
    assert int(answers[-1].headers["retry-after"]) > 0
