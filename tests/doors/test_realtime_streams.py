"""Open streams: how many, how long, and what ends them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete, update

from app.conversations import stream
from app.conversations.views import View
from app.kit.clock import now
from app.kit.db import Database
from app.kit.ids import new_id
from app.realtime.caps import PER_READER, OpenStreams, Reader, TooManyStreams
from app.realtime.drafts import Draft
from app.tenancy.models import Member
from app.visitors.models import VisitorSession
from tests.doors.console import at_console
from tests.doors.pages import Page, problem
from tests.serving import RunningServer

LIVE = {"Accept": "text/event-stream"}


@pytest.fixture
async def address(page: Page) -> str:
    """Of the events of a conversation in which something was said."""
    conversation = (await page.start())["id"]
    await page.write(conversation, "Hello")
    return f"/v1/conversations/{conversation}/events"


async def until(lines: AsyncIterator[str], kind: str) -> None:
    async with asyncio.timeout(10):
        while await anext(lines) != f"event: {kind}":
            pass


async def test_one_reader_holds_so_many_streams_and_is_told(
    page: Page, address: str, server: RunningServer
) -> None:
    async with AsyncExitStack() as opened:
        for _ in range(PER_READER):
            answer = await opened.enter_async_context(page.client.stream("GET", address, headers=LIVE))
            assert answer.status_code == 200
        refused = await page.client.get(address, headers=LIVE)
        body = problem(refused, 429, "too_many_streams")
        assert "Close some pages" in body["detail"]
        assert int(refused.headers["retry-after"]) > 0
        assert (await page.client.get(address)).status_code == 200, "asking without a stream still works"
    async with asyncio.timeout(5):
        while server.runtime.streams._open:
            await asyncio.sleep(0.02)
    async with page.client.stream("GET", address, headers=LIVE) as again:
        assert again.status_code == 200


def test_caps_are_given_back_and_refusals_count_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.realtime.caps.PER_ADDRESS", 2)
    streams, org = OpenStreams(), new_id()
    readers = [Reader(org, new_id(), "192.0.2.1") for _ in range(3)]
    with streams.hold(readers[0]), streams.hold(readers[1]):
        with pytest.raises(TooManyStreams, match="your network address"), streams.hold(readers[2]):
            pass
        with streams.hold(Reader(org, new_id(), "192.0.2.2")):
            pass
    assert not streams._open


async def test_a_session_that_is_taken_away_closes_its_streams(
    page: Page, address: str, database: Database
) -> None:
    async with page.client.stream("GET", address, headers=LIVE) as live:
        lines = live.aiter_lines()
        await until(lines, "ready")
        await asyncio.sleep(1.2)  # the backstop has seen it whole
        async with database.transaction(page.org_id) as session:
            await session.execute(delete(VisitorSession).where(VisitorSession.org_id == page.org_id))
        began = time.monotonic()
        async with asyncio.timeout(6):
            async for _ in lines:
                pass
    assert time.monotonic() - began < 5
    problem(await page.client.get(address, headers=LIVE), 401, "token_invalid")


async def test_a_member_who_is_disabled_is_out_within_seconds(
    server: RunningServer, database: Database, page: Page
) -> None:
    async with (
        at_console(server, database, page.org_id) as member,
        member.client.stream("GET", "/console/live") as live,
    ):
        lines = live.aiter_lines()
        await until(lines, "ready")
        async with database.transaction(page.org_id) as session:
            gone = update(Member).where(Member.org_id == page.org_id, Member.id == member.known.id)
            await session.execute(gone.values(disabled_at=now()))
        async with asyncio.timeout(5):
            async for _ in lines:
                pass


async def test_a_busy_stream_is_checked_like_a_quiet_one(
    page: Page, address: str, server: RunningServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RECHECK_S", 0.3)
    monkeypatch.setattr(server.runtime.hub, "check_heads", lambda: asyncio.sleep(0))
    talk, answer = UUID(address.split("/")[3]), uuid4()
    async with page.client.stream("GET", address, headers=LIVE) as live:
        lines = live.aiter_lines()
        await until(lines, "ready")
        async with database.transaction(page.org_id) as session:
            past = update(VisitorSession).where(VisitorSession.org_id == page.org_id)
            await session.execute(past.values(expires_at=now()))
        for size in range(100):
            server.runtime.drafts.put(talk, answer, Draft(attempt=1, text="x" * (size + 1)))
            await asyncio.sleep(0.02)
        server.runtime.drafts.drop(talk, answer)
        async with asyncio.timeout(1):
            async for _ in lines:
                pass


async def test_many_streams_of_a_conversation_read_the_database_once(
    page: Page, address: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    page_of = stream.Follower._page

    async def counted(self: stream.Follower, after: int) -> list[View]:
        nonlocal reads
        reads += 1
        return await page_of(self, after)

    monkeypatch.setattr(stream.Follower, "_page", counted)
    async with AsyncExitStack() as opened:
        heard = []
        for _ in range(8):
            live = await opened.enter_async_context(page.client.stream("GET", address, headers=LIVE))
            lines = live.aiter_lines()
            await until(lines, "ready")
            heard.append(lines)
        await asyncio.sleep(1.5)  # the answer to the first message is over
        reads = 0
        read = await page.client.put(address.replace("events", "read"), json={"seq": 1})
        assert read.status_code == 204
        await asyncio.gather(*(until(lines, "read.updated") for lines in heard))
    assert reads < 8


async def test_a_reader_that_takes_nothing_is_let_go(
    page: Page, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.sse.SEND_TIMEOUT_S", 0.3)
    conversation = (await page.start())["id"]
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    token = page.client.headers["Authorization"]
    writer.write(
        f"GET /v1/conversations/{conversation}/events HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n"
        f"Authorization: {token}\r\nOrigin: {page.client.headers['Origin']}\r\n\r\n".encode()
    )
    assert b"200" in await reader.readline()
    drafts = server.runtime.drafts
    answer, talk = uuid4(), UUID(conversation)
    async with asyncio.timeout(20):
        for size in range(1, 10_000):
            # Each attempt is told from its beginning, so that the buffers between the two fill up.
            drafts.put(talk, answer, Draft(attempt=size, text="x" * 200_000))
            await asyncio.sleep(0.02)
            if not server.runtime.streams._open:
                break
    drafts.drop(talk, answer)
    writer.close()
    assert not server.runtime.streams._open


async def test_what_was_missed_comes_first_then_what_happens(page: Page, address: str) -> None:
    stale = httpx.Headers(LIVE | {"Last-Event-ID": "another-life:1"})
    async with page.client.stream("GET", address, headers=stale) as live:
        await until(live.aiter_lines(), "reset")
