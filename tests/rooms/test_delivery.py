"""Bringing an answer into its conversation ends in good order, whatever interrupts it."""

import asyncio

import pytest

from app.answering.delivery import _stop
from app.answering.steps import Done


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
