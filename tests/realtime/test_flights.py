"""Reads that are shared: few of them, and none older than the question."""

import asyncio

import pytest

from app.realtime.flights import Flights


class Source:
    """Something to read that counts how often it is read."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0

    async def read(self) -> int:
        self.reads += 1
        value = self.value
        await asyncio.sleep(0.02)
        return value


async def test_many_at_once_share_one_read() -> None:
    flights, source = Flights(), Source()
    assert set(await asyncio.gather(*(flights.share("a", source.read) for _ in range(50)))) == {0}
    assert source.reads == 1


async def test_nobody_is_given_a_read_that_began_before_they_asked() -> None:
    flights, source = Flights(), Source()
    early = asyncio.create_task(flights.share("a", source.read))
    await asyncio.sleep(0.01)
    source.value = 1
    late = await asyncio.gather(*(flights.share("a", source.read) for _ in range(20)))
    assert (await early, set(late), source.reads) == (0, {1}, 2)


async def test_who_gives_up_leaves_the_others_their_read() -> None:
    flights, source = Flights(), Source()
    impatient = asyncio.create_task(flights.share("a", source.read))
    patient = asyncio.create_task(flights.share("a", source.read))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert await patient == 0
    assert source.reads == 1


async def test_a_failure_is_everybodys_and_is_over_with_it() -> None:
    flights, source = Flights(), Source()

    async def fail() -> int:
        raise OSError("gone")

    found = await asyncio.gather(*(flights.share("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [OSError] * 3
    with pytest.raises(OSError, match="gone"):
        await flights.share("a", fail)
    assert await flights.share("a", source.read) == 0
    assert not flights._waiting
    assert not flights._running
