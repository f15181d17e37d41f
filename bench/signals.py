"""A TCP proxy in front of Redis that does to signals what a best-effort bus may do: loses some, says some twice, and
brings some late, so that they arrive after newer ones.

It reads Redis' own protocol (RESP2 and RESP3) as far as it must to tell a published signal from everything else.
Echoes pass, so that the servers take the bus for healthy and have to notice by their backstop what did not arrive.
"""

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from socket import SO_LINGER, SOL_SOCKET

CHUNK = 65536
# How late a late signal is, in seconds.
LATE_S = (0.05, 2.0)
AGGREGATES = {b"*": 1, b">": 1, b"~": 1, b"%": 2}
BULKS = {b"$", b"=", b"!"}


def frame_end(data: bytes | bytearray, at: int) -> int | None:
    """Where the reply that begins at `at` ends; None while it has not arrived whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, after = bytes(data[at : at + 1]), line + 2
    if kind in BULKS:
        size = int(data[at + 1 : line])
        after += size + 2 if size >= 0 else 0
        return after if after <= len(data) else None
    for _ in range(int(data[at + 1 : line]) * AGGREGATES[kind] if kind in AGGREGATES else 0):
        end = frame_end(data, after)
        if end is None:
            return None
        after = end
    return after


def is_signal(frame: bytes) -> bool:
    """Whether Redis pushes what somebody published, on a channel other than an echo's."""
    head, *parts = frame.split(b"\r\n", 6)
    return (
        head in {b"*3", b">3"}
        and parts[1:2] == [b"message"]
        and parts[3].startswith(b"sig:")
        and not parts[3].startswith(b"sig:echo:")
    )


@dataclass
class SignalProxy:
    """`drops`, `doubles` and `delays` are the odds of each signal."""

    target: int
    random: Random
    drops: float = 0.0
    doubles: float = 0.0
    delays: float = 0.0
    port: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[SignalProxy]":
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in list(self._writers):
                writer.transport.abort()

    async def _accept(self, from_server: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        """A connection of one of our servers, to be brought to Redis."""
        try:
            from_redis, to_redis = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _refuse(to_server)
            return
        self._writers |= {to_server, to_redis}
        ways = [
            asyncio.create_task(_carry(from_server, to_redis)),
            asyncio.create_task(self._carry_signals(from_redis, to_server)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (to_server, to_redis):
                self._writers.discard(writer)
                writer.transport.abort()

    async def _carry_signals(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting = bytearray()
        while data := await reader.read(CHUNK):
            waiting += data
            for frame in _taken(waiting):
                if is_signal(frame):
                    self._mangle(frame, writer)
                else:
                    writer.write(frame)
            await writer.drain()

    def _mangle(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        dice = self.random.random()
        if dice < self.drops:
            self.counted["dropped"] += 1
            return
        if dice < self.drops + self.doubles:
            self.counted["doubled"] += 1
            writer.write(frame)
        elif dice < self.drops + self.doubles + self.delays:
            self.counted["late"] += 1
            late_s = self.random.uniform(*LATE_S)
            asyncio.get_running_loop().call_later(late_s, _write_if_open, writer, frame)
            return
        self.counted["carried"] += 1
        writer.write(frame)


def _taken(waiting: bytearray) -> Iterator[bytes]:
    """The whole replies at the front of `waiting`, which are taken from it."""
    at = 0
    while at < len(waiting) and (end := frame_end(waiting, at)) is not None:
        yield bytes(waiting[at:end])
        at = end
    del waiting[:at]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()


def _write_if_open(writer: asyncio.StreamWriter, frame: bytes) -> None:
    if not writer.transport.is_closing():
        writer.write(frame)


def _refuse(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
