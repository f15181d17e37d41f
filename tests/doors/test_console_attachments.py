"""Files in the console: those of visitors to look at, and those that agents send with a reply."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.conversations.attachments import MOST
from app.kit.db import Database
from tests.doors.console import HTMX, Member, at_console
from tests.doors.pages import Page, problem
from tests.rooms.attached import PDF, png
from tests.serving import RunningServer

LIMIT = 10 * 1024 * 1024
Files = list[tuple[str, tuple[str, bytes]]]


def named(*files: tuple[str, bytes]) -> Files:
    return [("files", file) for file in files]


async def reply(
    member: Member, conversation: str, files: Files, text: str = "", client_id: UUID | None = None
) -> httpx.Response:
    data = {"client_id": str(client_id or uuid4()), "text": text, "tab": "mine"}
    address = f"/console/conversations/{conversation}/messages"
    return await member.client.post(address, data=data, files=files, headers=HTMX)


async def taken_over(page: Page, member: Member) -> str:
    conversation = str((await page.start())["id"])
    await page.client.post(f"/v1/conversations/{conversation}/handoff", json={})
    await member.press(f"/console/conversations/{conversation}/take-over")
    return conversation


async def said(page: Page, conversation: str) -> list[dict[str, Any]]:
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    return [one for one in snapshot["messages"] if one["author"]["kind"] != "system"]


async def from_visitor(page: Page, conversation: str, content: bytes, name: str) -> str:
    here = f"/v1/conversations/{conversation}"
    file = (await page.client.post(f"{here}/attachments?name={name}", content=content)).json()["id"]
    body = {"client_id": str(uuid4()), "text": "", "attachments": [file]}
    assert (await page.client.post(f"{here}/messages", json=body)).status_code == 201
    return str(file)


async def test_an_agent_sees_pictures_and_downloads_other_files(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id) as maya:
        conversation = await taken_over(page, maya)
        picture = await from_visitor(page, conversation, png(), "screen.png")
        document = await from_visitor(page, conversation, PDF, "<b>invoice.pdf")
        html = (await maya.client.get(f"/console/conversations/{conversation}")).text
        assert f'<img src="/console/attachments/{picture}" alt="screen.png"' in html
        assert f'href="/console/attachments/{document}" download' in html
        assert "&lt;b&gt;invoice.pdf" in html
        assert "1 kB" in html
        shown = await maya.client.get(f"/console/attachments/{picture}")
        assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
        assert shown.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert shown.headers["content-disposition"].startswith("inline")
        assert "private" in shown.headers["cache-control"]
        loaded = await maya.client.get(f"/console/attachments/{document}")
        assert loaded.headers["content-disposition"].startswith("attachment")


async def test_a_visitor_reads_what_an_agent_attached(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id) as maya:
        conversation = await taken_over(page, maya)
        sent = await reply(maya, conversation, named(("label.png", png()), ("terms.pdf", PDF)), "Here it is")
        assert sent.status_code == 200, sent.text
    (message,) = await said(page, conversation)
    assert message["text"] == "Here it is"
    assert [(file["name"], file["type"]) for file in message["attachments"]] == [
        ("label.png", "image/png"),
        ("terms.pdf", "application/pdf"),
    ]
    for file, content in zip(message["attachments"], (png(), PDF), strict=True):
        address = f"/v1/conversations/{conversation}/attachments/{file['id']}"
        assert (await page.client.get(address)).content == content


async def test_a_reply_of_files_alone_that_is_sent_twice_is_posted_once(
    page: Page, server: RunningServer, database: Database
) -> None:
    client_id = uuid4()
    async with at_console(server, database, page.org_id) as maya:
        conversation = await taken_over(page, maya)
        for _ in range(2):
            answer = await reply(maya, conversation, named(("a.png", png())), client_id=client_id)
            assert answer.status_code == 200
        listed = await maya.page("/console/inbox?tab=mine")
    assert "a.png" in listed
    (message,) = await said(page, conversation)
    assert len(message["attachments"]) == 1


async def test_without_scripts_the_form_sends_files_too(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id) as maya:
        conversation = await taken_over(page, maya)
        html = (await maya.client.get(f"/console/conversations/{conversation}")).text
        assert 'enctype="multipart/form-data"' in html
        address = f"/console/conversations/{conversation}/messages"
        # An empty field for files is sent as a file without a name.
        for files in (named(("a.png", png())), named(("", b""))):
            answer = await maya.client.post(address, data={"text": "Look"}, files=files)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/console/conversations/{conversation}",
            )
    assert [len(message["attachments"]) for message in await said(page, conversation)] == [1, 0]


@pytest.mark.parametrize(
    ("files", "status", "told"),
    [
        (named(("page.html", b"<!doctype html><script>")), 422, "This type of file is not taken"),
        (named(("a.png", png()), ("none.png", b"")), 422, "This file is empty"),
        (named(*[("a.png", png())] * (MOST + 1)), 422, "at most 5 files"),
        (named(("large.log", b"line\n" * (LIMIT // 5 + 1))), 413, "at most 10 MB"),
        (named(*[("large.log", b"line\n" * (LIMIT // 4))] * MOST), 413, "at most 10 MB"),
        (named(("", b"")), 422, "needs some text"),
    ],
    ids=["html", "empty", "many", "large", "all too large", "nothing"],
)
async def test_what_cannot_be_sent_is_refused_with_a_reason_and_nothing_is_posted(
    page: Page, server: RunningServer, database: Database, files: Files, status: int, told: str
) -> None:
    async with at_console(server, database, page.org_id) as maya:
        conversation = await taken_over(page, maya)
        refused = await reply(maya, conversation, files)
        assert refused.status_code == status, refused.text
        assert told in refused.text
        assert refused.headers["frontdesk-note"]
    assert await said(page, conversation) == []


async def test_only_who_has_the_conversation_attaches(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with (
        at_console(server, database, page.org_id) as maya,
        at_console(server, database, page.org_id, name="Jonas Lind") as jonas,
    ):
        conversation = await taken_over(page, maya)
        assert (await reply(jonas, conversation, named(("a.png", png())))).status_code == 409
        bad = await maya.client.post(
            f"/console/conversations/{conversation}/messages",
            data={"client_id": "x", "text": "y"},
            headers=HTMX,
        )
        assert bad.status_code == 422
        await maya.press(f"/console/conversations/{conversation}/resolve")
        assert (await reply(maya, conversation, named(("a.png", png())))).status_code == 409
    assert await said(page, conversation) == []


async def test_files_that_are_not_sent_yet_or_were_deleted_are_nobodys(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id, role="admin") as maya:
        conversation = await taken_over(page, maya)
        waiting = await page.client.post(f"/v1/conversations/{conversation}/attachments", content=png())
        assert (await maya.client.get(f"/console/attachments/{waiting.json()['id']}")).status_code == 404
        await reply(maya, conversation, named(("a.png", png())))
        (message,) = await said(page, conversation)
        await maya.press(f"/console/messages/{message['id']}/delete")
        file = message["attachments"][0]["id"]
        assert (await maya.client.get(f"/console/attachments/{file}")).status_code == 404
        html = await maya.page(f"/console/conversations/{conversation}")
        assert "a.png" not in html
    answer = await page.client.get(f"/v1/conversations/{conversation}/attachments/{file}")
    problem(answer, 404, "attachment_unknown")
