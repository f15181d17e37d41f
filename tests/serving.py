"""The application on a real port, inside the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from litestar import Litestar

from app.cli.serving import served
from app.web.runtime import Runtime


@dataclass(frozen=True)
class RunningServer:
    url: str
    app: Litestar

    @property
    def runtime(self) -> Runtime:
        runtime = self.app.state.runtime
        assert isinstance(runtime, Runtime)
        return runtime

    def client(self, **options: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=20, **options)  # type: ignore[arg-type]

    @classmethod
    @asynccontextmanager
    async def of(cls, app: Litestar) -> "AsyncIterator[RunningServer]":
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(served(app, grace_s=3))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.01)
        yield cls(f"http://127.0.0.1:{listener.getsockname()[1]}", app)
        server.should_exit = True
        await serving
