"""Files, as a visitor's page sends them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import func, select

from app.conversations.models import Attachment
from tests.doors.pages import Page


async def send(
    page: Page, conversation: str, content: bytes, name: str = "screen.png", client_id: UUID | None = None
) -> httpx.Response:
    query = {"name": name, "client_id": str(client_id or uuid4())}
    address = f"/v1/conversations/{conversation}/attachments"
    return await page.client.post(address, params=query, content=content)


async def sent(page: Page, conversation: str, content: bytes, name: str = "screen.png") -> dict[str, Any]:
    answer = await send(page, conversation, content, name)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def post(
    page: Page, conversation: str, ids: list[str], text: str = "", client_id: UUID | None = None
) -> httpx.Response:
    body = {"client_id": str(client_id or uuid4()), "text": text, "attachments": ids}
    return await page.client.post(f"/v1/conversations/{conversation}/messages", json=body)


async def read(page: Page, conversation: str, file: str) -> httpx.Response:
    return await page.client.get(f"/v1/conversations/{conversation}/attachments/{file}")


async def stored(page: Page) -> int:
    async with page.runtime_database.transaction(page.org_id) as session:
        return (await session.scalars(select(func.count()).select_from(Attachment))).one()
