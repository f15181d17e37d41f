"""A member at the console, as HTTP sees them: a cookie, and pages of this very origin."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from uuid import UUID

import httpx

from app.kit.db import Database
from app.tenancy import members
from app.tenancy.members import SignedIn
from app.web.console.identity import COOKIE
from tests.factories import PASSWORD, create_agent
from tests.serving import RunningServer

HERE = {"Sec-Fetch-Site": "same-origin"}
HTMX = {"HX-Request": "true"}


@dataclass
class Member:
    client: httpx.AsyncClient
    known: SignedIn

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return visible(answer.text)

    async def press(self, path: str, **fields: str) -> httpx.Response:
        """A button, as HTMX sends it."""
        return await self.client.post(path, data=fields, headers=HTMX)


def visible(html: str) -> str:
    """The words of a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@asynccontextmanager
async def at_console(
    server: RunningServer, database: Database, org_id: UUID, *, role: str = "agent", name: str = "Maya Kaur"
) -> AsyncIterator[Member]:
    """A new member of the organisation, signed in."""
    async with database.transaction(org_id) as session:
        known = await create_agent(session, name, role=role)
    # Not through the door, which counts how many sign in from one address.
    async with database.transaction(None) as session:
        token = await members.sign_in(session, email=known.email, password=PASSWORD, days=1)
    async with server.client(headers=HERE, cookies={COOKIE: token}) as client:
        yield Member(client, known)


async def sign_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD, **more: str
) -> httpx.Response:
    return await client.post("/console/sign-in", data={"email": email, "password": password, **more})
