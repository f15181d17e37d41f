"""A visitor's page, as far as the server sees it."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.kit.db import Database

ORIGIN = "https://shop.example"


@dataclass
class Page:
    """A browser's page with a session, on a site of its own."""

    client: httpx.AsyncClient
    key: str
    org_id: UUID
    runtime_database: Database

    async def start(self) -> dict[str, Any]:
        started = await self.client.post("/v1/conversations", json={"client_id": str(uuid4())})
        assert started.status_code == 201, started.text
        return dict(started.json())

    async def write(self, conversation: str, text: str, client_id: UUID | None = None) -> httpx.Response:
        body = {"client_id": str(client_id or uuid4()), "text": text}
        return await self.client.post(f"/v1/conversations/{conversation}/messages", json=body)

    async def answered(self, conversation: str) -> dict[str, Any]:
        """The conversation once the assistant has said something and is done."""
        async with asyncio.timeout(30):
            while True:
                snapshot = dict((await self.client.get(f"/v1/conversations/{conversation}")).json())
                if [one["state"] for one in snapshot["messages"] if one["author"]["kind"] == "bot"] == [
                    "complete"
                ]:
                    return snapshot
                await asyncio.sleep(0.05)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    assert body["detail"]
    return body
