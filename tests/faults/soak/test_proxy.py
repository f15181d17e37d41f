"""The proxy of the soak breaks connections in the ways that it says."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from bench.faults import FaultProxy


class Echo:
    """A server that gives back what it gets, and remembers it."""

    def __init__(self) -> None:
        self.got = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            self.got += data
            writer.write(data)
        writer.close()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    dice = Random(0)  # noqa: S311 (of a test)
    async with server, FaultProxy([server.sockets[0].getsockname()[1]], dice).running() as proxy:
        yield proxy


async def say(proxy: FaultProxy, what: bytes = b"hello") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(what)
    try:
        async with asyncio.timeout(1):
            return await reader.read(1000)
    finally:
        writer.close()


async def test_without_faults_it_carries_everything(proxy: FaultProxy) -> None:
    assert await say(proxy) == b"hello"


async def test_a_reset_before_keeps_the_request_from_the_server(proxy: FaultProxy, echo: Echo) -> None:
    proxy.resets_before = 1
    with pytest.raises(ConnectionResetError):
        await say(proxy)
    assert echo.got == b""


async def test_a_reset_after_keeps_only_the_answer_back(proxy: FaultProxy, echo: Echo) -> None:
    proxy.resets_after = 1
    with pytest.raises(ConnectionResetError):
        await say(proxy)
    assert echo.got == b"hello"


async def test_on_a_held_line_nothing_moves_until_it_is_released(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    while not proxy.lines:
        await asyncio.sleep(0.01)
    held = proxy.hold_some(1)
    writer.write(b"hello")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.read(1000)
    for line in held:
        line.release()
    assert await reader.read(1000) == b"hello"
    writer.close()


async def test_where_one_server_is_gone_the_next_is_taken(proxy: FaultProxy) -> None:
    proxy.targets = [1, *proxy.targets, 1]
    for _ in range(6):
        assert await say(proxy) == b"hello"
