"""The product as an operator runs it: `frontdesk serve` in a process of its own, on a database of its own."""

import asyncio
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

FRONTDESK = Path(sys.executable).with_name("frontdesk")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Product:
    """`sign_ins` maps a role to (address, password), as printed on the first start."""

    owner: URL
    app: URL
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    sign_ins: dict[str, tuple[str, str]] = field(default_factory=dict)
    said: str = ""
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Starts the server and returns once it has said that it is ready."""
        self.port = self.port or _free_port()
        self._process = await asyncio.create_subprocess_exec(
            str(FRONTDESK), "serve", env=self._environment(), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        async with asyncio.timeout(90):
            self.said = await self._read_until("Stop with Ctrl-C")
        for role, address, password in re.findall(
            r"^ +(admin|agent) +(\S+) +(\S+)$", self.said, re.MULTILINE
        ):
            self.sign_ins[role] = (address, password)

    async def kill(self) -> None:
        """Ends it by SIGKILL: no goodbye."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)
        async with asyncio.timeout(30):
            await self._process.wait()

    async def _read_until(self, mark: str) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        said = ""
        while mark not in said:
            line = await self._process.stdout.readline()
            if not line:
                raise AssertionError(f"The server ended before it was ready: {said}")
            said += line.decode()
        return said

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OPENAI_", "FRONTDESK_"))
        }
        return {
            **kept,
            "PORT": str(self.port),
            "DATABASE_URL": self.app.render_as_string(hide_password=False),
            "DATABASE_OWNER_URL": self.owner.render_as_string(hide_password=False),
            **self.settings,
        }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
