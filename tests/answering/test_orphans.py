"""A visitor who goes away leaves nothing running: an answer goes on to its end, but not past its deadline."""

import asyncio
import time
from uuid import UUID

import pytest
from sqlalchemy import text

from app.kit.db import Database
from tests.answering.conftest import DEADLINE_S, Caller
from tests.model_server import ModelServer
from tests.serving import RunningServer

QUESTION = "How do I turn the sound off?"


async def _asks_and_goes(caller: Caller, model: ModelServer) -> None:
    """Reads the beginning of an answer on a live stream, and drops the line."""
    headers = {"Accept": "text/event-stream"}
    async with caller.client.stream("GET", f"{caller.url}/events", headers=headers) as live:
        lines = live.aiter_lines()
        await caller.write(QUESTION)
        async for line in lines:
            if line == "event: answer.delta":
                return


@pytest.mark.parametrize("endless", ["drips", "hangs"])
async def test_nothing_runs_past_the_deadline(
    server: RunningServer, database: Database, caller: Caller, model: ModelServer, endless: str
) -> None:
    if endless == "drips":
        model.say_slowly("word " * 10_000, 0.05)
    else:
        model.cut_after(2, "One two three", end="hang")
    started = time.monotonic()
    await _asks_and_goes(caller, model)
    async with asyncio.timeout(DEADLINE_S + 15):
        while not model.hung_up:
            await asyncio.sleep(0.02)
    assert time.monotonic() - started < DEADLINE_S + 5
    last = (await caller.answered())["messages"][-1]
    assert (last["author"]["kind"], last["state"]) == ("bot", "interrupted")
    assert last["text"]
    assert not server.runtime.drafts.of(UUID(caller.conversation))
    async with database.transaction(None) as session:
        jobs = """SELECT (SELECT count(*) FROM pgqueuer WHERE entrypoint = 'answering.reply')
            + (SELECT count(*) FROM begun_job WHERE name = 'answering.reply')"""
        async with asyncio.timeout(10):
            while await session.scalar(text(jobs)):
                await asyncio.sleep(0.05)


async def test_an_answer_that_ends_in_time_is_there_when_the_visitor_comes_back(
    caller: Caller, model: ModelServer
) -> None:
    said = "Set the option on the script tag [1]. " * 3
    model.say_slowly(said, 0.02)
    await _asks_and_goes(caller, model)
    last = (await caller.answered())["messages"][-1]
    assert (last["state"], last["text"]) == ("complete", said.strip())
