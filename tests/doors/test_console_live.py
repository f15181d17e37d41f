"""The console's one stream: what it tells, and of what."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from app.conversations.participants import remove_member
from app.handoff import queue
from app.kit.db import Database
from app.realtime.drafts import Draft
from app.staff.starting import start_direct
from tests.doors.console import Member, visible
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer


@pytest.fixture
async def talk(database: Database, org_id: UUID) -> Talk:
    """A visitor with a question for a person: the assistant says nothing of its own here."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await queue.request(session, talk.id, reason="asked for a person")
        await say(session, talk, "Where is my parcel?")
    return talk


async def hear(lines: AsyncIterator[str], *kinds: str) -> None:
    """Reads the stream until each of these kinds of event has come."""
    missing = set(kinds)
    async with asyncio.timeout(5):
        while missing:
            missing.discard((await anext(lines)).removeprefix("event: "))


async def test_the_stream_says_that_something_changed(member: Member, talk: Talk, database: Database) -> None:
    async with member.client.stream("GET", f"/console/live?conversation={talk.id}") as stream:
        lines = stream.aiter_lines()
        await hear(lines, "ready")
        async with database.transaction(talk.visitor.org_id) as session:
            await say(session, talk, "Anybody?")
        await hear(lines, "inbox.changed", "conversation.changed")


async def test_an_answer_in_flight_is_told_from_its_beginning(
    server: RunningServer, member: Member, talk: Talk
) -> None:
    drafts, message = server.runtime.drafts, uuid4()
    drafts.put(talk.id, message, Draft(attempt=1, text="Thirty "))
    try:
        async with member.client.stream("GET", f"/console/live?conversation={talk.id}") as stream:
            lines = stream.aiter_lines()
            assert '"offset":0,"text":"Thirty "' in await _data(lines)
            drafts.put(talk.id, message, Draft(attempt=1, text="Thirty days"))
            assert '"offset":7,"text":"days"' in await _data(lines)
            drafts.put(talk.id, message, Draft(attempt=2, text="Anew"))
            assert '"attempt":2,"offset":0,"text":"Anew"' in await _data(lines)
    finally:
        drafts.drop(talk.id, message)


async def _data(lines: AsyncIterator[str]) -> str:
    async with asyncio.timeout(5):
        return await anext(line async for line in lines if line.startswith("data") and "answer.delta" in line)


async def test_one_stream_serves_several_conversations_and_tells_them_apart(
    server: RunningServer, member: Member, talk: Talk, database: Database
) -> None:
    async with database.transaction(talk.visitor.org_id) as session:
        other = await create_talk(session)
    drafts, message = server.runtime.drafts, uuid4()
    async with member.client.stream(
        "GET", f"/console/live?conversation={talk.id}&conversation={other.id}"
    ) as stream:
        lines = stream.aiter_lines()
        await hear(lines, "ready")
        for one in (talk, other):
            drafts.put(one.id, message, Draft(attempt=1, text="Thirty days"))
            assert f'"conversation":"{one.id}"' in await _data(lines)
            drafts.drop(one.id, message)
            async with database.transaction(talk.visitor.org_id) as session:
                await say(session, one, "Anybody?")
            await hear(lines, f'data: {{"kind":"conversation.changed","data":{{"conversation":"{one.id}"}}}}')


async def test_a_stream_is_refused_whose_conversations_are_not_all_known_or_are_too_many(
    member: Member, talk: Talk
) -> None:
    unknown = await member.client.get(f"/console/live?conversation={talk.id}&conversation={uuid4()}")
    assert unknown.status_code == 404
    many = "&".join(f"conversation={uuid4()}" for _ in range(25))
    refused = await member.client.get(f"/console/live?{many}")
    assert refused.status_code == 422
    assert "at most 24 conversations; 25 were asked for. Close some tabs." in visible(refused.text)


async def test_who_has_the_console_open_can_be_reached(member: Member, talk: Talk) -> None:
    address = f"/v1/sites/{talk.site.key}"
    assert (await member.client.get(address)).json()["availability"]["online"] is False
    async with member.client.stream("GET", "/console/live") as stream:
        await hear(stream.aiter_lines(), "ready")
        assert (await member.client.get(address)).json()["availability"]["online"] is True


async def test_what_two_members_say_to_each_other_is_followed_by_nobody_else(
    server: RunningServer, member: Member, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        maya, jonas = await create_agent(session, "Maya"), await create_agent(session, "Jonas")
        private = await start_direct(session, maya, jonas.id)
        mine = await start_direct(session, member.known, jonas.id)
    refused = await member.client.get(f"/console/live?conversation={mine.id}&conversation={private.id}")
    assert refused.status_code == 404
    typing = await member.press(f"/console/conversations/{private.id}/typing", typing="true")
    assert typing.status_code == 404
    async with member.client.stream("GET", f"/console/live?conversation={mine.id}") as stream:
        await hear(stream.aiter_lines(), "ready")
    typing = await member.press(f"/console/conversations/{mine.id}/typing", typing="true")
    assert typing.status_code == 204


async def test_who_is_no_longer_in_a_group_no_longer_follows_it(
    member: Member, database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.live.BEAT_S", 0.2)
    async with database.transaction(org_id) as session:
        jonas = await create_agent(session, "Jonas")
        group = await start_direct(session, member.known, jonas.id)
    async with member.client.stream("GET", f"/console/live?conversation={group.id}") as stream:
        lines = stream.aiter_lines()
        await hear(lines, "ready")
        async with database.transaction(org_id) as session:
            assert await remove_member(session, group, member.known.id)
        async with asyncio.timeout(5):
            async for _ in lines:
                pass
