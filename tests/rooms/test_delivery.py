"""Bringing an answer into its conversation ends in good order, whatever interrupts it."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from app.answering.delivery import SHOW_EVERY_S, SHOWN_A_SECOND, Delivery, _stop
from app.answering.steps import Done, Reading, Step, Text
from app.conversations.answers import OpenAnswer
from app.kit.db import Database
from app.realtime.bus import LocalBus
from app.realtime.drafts import Draft, Drafts

OPENED = OpenAnswer(uuid4(), uuid4(), attempt=1, epoch=0, turn_seq=1, asked=("Hello?",), history=())


async def test_who_is_told_to_stop_twice_still_waits_for_what_it_stops() -> None:
    """The database goes away, and the worker ends meanwhile: what the writer reads from is closed right after."""
    began = asyncio.Event()
    ended = False

    async def write() -> Done:
        nonlocal ended
        try:
            began.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            ended = True
        raise AssertionError

    writer = asyncio.create_task(write())
    await began.wait()
    stopping = asyncio.create_task(_stop(writer))
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert ended


async def test_the_first_words_are_shown_at_once_and_the_others_as_often_as_there_is_time_for(
    database: Database, org_id: UUID
) -> None:
    shown: list[tuple[float, str]] = []
    drafts = Drafts(LocalBus())

    async def steps() -> AsyncGenerator[Step]:
        yield Reading(3)
        for word in ("one ", "two ", "three"):
            yield Text(word)
            [draft] = drafts.of(OPENED.conversation_id).values()
            shown.append((asyncio.get_running_loop().time(), draft.text))
        yield Done("one two three", "answered")

    async def paces() -> list[float]:
        shown.clear()
        began = asyncio.get_running_loop().time()
        async with Delivery(database, drafts, org_id, OPENED) as delivery:
            assert await delivery.of(steps())
        assert [text for _, text in shown] == ["one ", "one two ", "one two three"]
        moments = [began, *(moment for moment, _ in shown)]
        return [later - earlier for earlier, later in pairwise(moments)]

    first, *others = await paces()
    assert first < SHOW_EVERY_S
    assert all(pause + 0.005 >= SHOW_EVERY_S for pause in others)
    for number in range(30):
        drafts.put(UUID(int=number), UUID(int=number), Draft(1, "another answer"))
    first, *others = await paces()
    assert first < SHOW_EVERY_S
    assert all(pause + 0.005 >= 30 / SHOWN_A_SECOND for pause in others)
