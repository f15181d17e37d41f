"""Files that are taken under another name, and those that are not: too large, too many, dangerous, somebody else's."""

import io
import zipfile
from typing import Any
from uuid import uuid4

import pytest

from tests.doors.files import post, read, send, sent, stored
from tests.doors.pages import Page, problem
from tests.rooms.attached import PDF, png
from tests.serving import RunningServer

LIMIT = 10 * 1024 * 1024


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


async def test_who_sends_very_many_files_is_told_to_wait(page: Page) -> None:
    conversation = (await page.start())["id"]
    answers = [await send(page, conversation, png()) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [201] * 30
    problem(answers[-1], 429, "too_many_requests")
    assert int(answers[-1].headers["retry-after"]) > 0
