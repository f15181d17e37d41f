"""The `frontdesk` command in a terminal."""

import asyncio
from dataclasses import dataclass

from tests.browser.product import FRONTDESK


@dataclass
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Terminal:
    environment: dict[str, str]
    org: str

    async def run(self, *arguments: str, **settings: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            str(FRONTDESK),
            *arguments,
            env=self.environment | settings,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return Ran(process.returncode or 0, out.decode(), err.decode())
