"""A TCP proxy in front of several servers that does to connections what networks do.

It spreads connections over the servers, as a load balancer would, and can reset a connection before a request
reaches the server or after the server has answered it, keep lines open on which nothing moves any more, stop taking
what a server sends, or break everything at once.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

CHUNK = 65536
CONNECT_S = 2.0


@dataclass(eq=False)
class Line:
    """One connection through the proxy. `resets_on_answer`: the next answer does not arrive."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    resets_on_answer: bool = False
    frozen: bool = False
    _moving: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._moving.set()

    def hold(self) -> None:
        """From now on nothing is read or sent, and nobody is told."""
        self.frozen = True
        self._moving.clear()

    def release(self) -> None:
        self.frozen = False
        self._moving.set()

    async def moves(self) -> None:
        await self._moving.wait()

    def reset(self) -> None:
        """Both sides see the connection break, not end."""
        for writer in (self.client, self.server):
            _reset(writer)
        self._moving.set()


@dataclass
class FaultProxy:
    """`resets_before` and `resets_after` are the odds that a request never arrives, or its answer does not."""

    targets: Sequence[int]
    random: Random
    resets_before: float = 0.0
    resets_after: float = 0.0
    port: int = 0
    counted: dict[str, int] = field(default_factory=lambda: {"before": 0, "after": 0, "refused": 0})
    lines: set[Line] = field(default_factory=set)
    accepted: int = 0
    _turn: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> "AsyncIterator[FaultProxy]":
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.reset_all()

    def reset_all(self) -> None:
        for line in list(self.lines):
            line.reset()

    def hold_some(self, share: float) -> list[Line]:
        """Some lines stop moving; they are returned, to be released or reset."""
        held = [line for line in self.lines if self.random.random() < share]
        for line in held:
            line.hold()
        return held

    async def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.accepted += 1
        upstream = await self._connect()
        if upstream is None:
            self.counted["refused"] += 1
            _reset(to_client)
            return
        from_server, to_server = upstream
        line = Line(to_client, to_server)
        self.lines.add(line)
        both = (self._requests(line, from_client), self._answers(line, from_server))
        tasks = [asyncio.create_task(way) for way in both]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.lines.discard(line)
            to_client.close()
            to_server.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """To the server whose turn it is, or to the next that takes connections."""
        for _ in self.targets:
            self._turn += 1
            port = self.targets[self._turn % len(self.targets)]
            try:
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection("127.0.0.1", port)
            except (OSError, TimeoutError):
                continue
        return None

    async def _requests(self, line: Line, reader: asyncio.StreamReader) -> None:
        while data := await _read(line, reader):
            if self.random.random() < self.resets_before:
                self.counted["before"] += 1
                line.reset()
                return
            line.resets_on_answer = self.random.random() < self.resets_after
            await _write(line.server, data)

    async def _answers(self, line: Line, reader: asyncio.StreamReader) -> None:
        while data := await _read(line, reader):
            if line.resets_on_answer:
                self.counted["after"] += 1
                line.reset()
                return
            await _write(line.client, data)


def _reset(writer: asyncio.StreamWriter) -> None:
    # With a linger time of zero the kernel sends RST instead of FIN.
    if not writer.transport.is_closing():
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _read(line: Line, reader: asyncio.StreamReader) -> bytes:
    await line.moves()
    try:
        data = await reader.read(CHUNK)
    except OSError:
        return b""
    await line.moves()
    return data


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
        await writer.drain()
    except OSError:
        writer.transport.abort()
