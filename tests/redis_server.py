"""A real Redis of one's own, which can be killed, stopped and started again on the same port."""

import asyncio
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis


@dataclass
class RedisServer:
    port: int
    folder: str
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    @asynccontextmanager
    async def running(cls, port: int = 0) -> "AsyncIterator[RedisServer]":
        with tempfile.TemporaryDirectory(prefix="frontdesk-redis-") as folder:
            server = cls(port or free_port(), folder)
            await server.start()
            try:
                yield server
            finally:
                await server.kill()

    async def start(self) -> None:
        """Returns once it answers."""
        quiet = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", self.folder)
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self.port), *quiet, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while not await self._answers():
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self.resume()
            self._process.kill()
            await self._process.wait()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def flush(self) -> None:
        async with Redis.from_url(self.url) as redis:
            await redis.flushall()

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
