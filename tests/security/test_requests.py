"""What arrives may be anything: each gets a clear refusal, and none an unexpected error."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from tests.doors.conftest import page
from tests.doors.console import HERE
from tests.doors.pages import Page, problem
from tests.serving import RunningServer

__all__ = ["page"]

JSON = {"Content-Type": "application/json"}
# "Expected" is how a validator tells what it wanted instead.
UNREADABLE = {
    "cut off": b'{"client_id":',
    "not UTF-8": b'{"text":"\xff\xfe"}',
    "nested without end": b"[" * 100_000,
    "half a pair": b'{"text":"\\ud800"}',
    "not JSON": b"hello",
    "nothing": b"",
    "a list": b"[]",
}
NUL = "a\x00b"


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_body_that_cannot_be_read_is_named_as_such(page: Page, body: bytes) -> None:
    conversation = (await page.start())["id"]
    address = f"/v1/conversations/{conversation}/messages"
    told = problem(await page.client.post(address, content=body, headers=JSON), 400, "bad_request")
    assert told["title"] == "The request is not valid"
    assert len(told["detail"].split()) > 3


async def test_a_body_that_is_too_large_is_named_as_such(page: Page) -> None:
    conversation = (await page.start())["id"]
    told = problem(await page.write(conversation, "x" * 2_000_000), 413, "too_large")
    assert "larger than" in told["detail"]


async def test_a_caller_who_hangs_up_is_no_error_of_ours(
    page: Page, server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = httpx.URL(server.url)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.3)
    assert (await page.client.get(f"/v1/sites/{page.key}")).status_code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_caller_who_stops_in_the_middle_is_let_go(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.request.PART_S", 0.2)
    address = httpx.URL(server.url)
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        head = f"POST {_takes(kind)} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {kind}\r\n"
        writer.write(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert b" 408 " in answer.partition(b"\r\n")[0], answer
        assert b"Send it again." in answer
        writer.close()


def _takes(kind: str) -> str:
    return "/v1/sessions" if "json" in kind else "/console/sign-in"


async def test_what_is_not_there_says_so(page: Page) -> None:
    for path in (
        "/v1/nowhere",
        "/v1/conversations/abc",
        "/nowhere",
        "/static/nothing.js",
        "/static/%00",
        f"/static/{300 * 'a'}",
    ):
        problem(await page.client.get(path), 404, "not_found")
    problem(await page.client.delete("/v1/conversations"), 405, "method_not_allowed")


async def test_text_that_no_database_takes_is_refused(page: Page) -> None:
    """PostgreSQL stores every character but NUL."""
    conversation = (await page.start())["id"]
    contact = {"client_id": str(uuid4()), "email": f"{NUL}@example.org"}
    answers = [
        await page.client.post(f"/v1/conversations/{conversation}/contact", json=contact),
        await page.client.post("/v1/sessions", json={"site": page.key, "language": NUL}),
        await page.client.post("/v1/sessions", json={"site": NUL}),
        await page.client.get("/v1/sites/%00"),
    ]
    for answer in answers:
        problem(answer, 422, "text_unusable")


async def test_the_console_refuses_it_with_a_page(server: RunningServer) -> None:
    async with server.client(headers=HERE) as client:
        answer = await client.post("/console/sign-in", data={"email": NUL, "password": NUL})
        lost = await client.get("/console/conversations/abc")
    assert answer.status_code == 422
    assert (lost.status_code, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "path", ["../main.py", "..%2f..%2fconfig.py", "%2e%2e/main.py", "/etc/passwd", "%00"]
)
async def test_static_files_are_those_that_were_built(server: RunningServer, path: str) -> None:
    async with server.client() as client:
        address = httpx.URL(server.url).copy_with(raw_path=b"/static/" + path.encode())
        assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize("position", ["x", ":1", "e:-1", "e:" + "9" * 50, "e:1.5", "e:"])
async def test_a_position_that_no_stream_gave_out_is_refused(page: Page, position: str) -> None:
    conversation = (await page.start())["id"]
    headers = {"Accept": "text/event-stream", "Last-Event-ID": position}
    answer = await page.client.get(f"/v1/conversations/{conversation}/events", headers=headers)
    problem(answer, 422, "position_invalid")


@pytest.mark.parametrize("text", ["\x01\x1b", "\u200b\u2060", "\ufeff", "\u202e", "\u00ad \u200d"])
async def test_a_message_that_shows_nothing_is_empty(page: Page, text: str) -> None:
    problem(await page.write((await page.start())["id"], text), 422, "message_empty")


async def test_a_message_keeps_its_words_and_loses_what_controls_a_terminal(page: Page) -> None:
    conversation = (await page.start())["id"]
    written = await page.write(conversation, "one\x00\x1b[31m\x07\n\ttwo\r\n👩‍👩‍👧 می‌خواهم")
    assert written.json()["text"] == "one[31m\n\ttwo\n👩‍👩‍👧 می‌خواهم"


async def test_a_name_stays_on_one_line(page: Page) -> None:
    conversation = (await page.start())["id"]
    contact = {"client_id": str(uuid4()), "email": "ann@example.org", "name": "Ann\r\nBcc: all@example.org"}
    assert (
        await page.client.post(f"/v1/conversations/{conversation}/contact", json=contact)
    ).status_code == 204
    async with page.runtime_database.transaction(page.org_id) as session:
        from sqlalchemy import select

        from app.visitors.models import Visitor

        assert (
            await session.scalars(select(Visitor.name).where(Visitor.email == "ann@example.org"))
        ).all() == ["Ann Bcc: all@example.org"]
