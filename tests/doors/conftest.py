"""Whoever knocks at the doors."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.kit.db import Database
from app.tenancy.organisations import create_site
from tests.doors.pages import ORIGIN, Page
from tests.serving import RunningServer


@pytest.fixture
async def page(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Page]:
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[ORIGIN])
    server.runtime.limits._seen.clear()  # all these pages have one address, and start more sessions than one may
    async with server.client(headers={"Origin": ORIGIN}) as client:
        session_ = (await client.post("/v1/sessions", json={"site": site.key})).json()
        client.headers["Authorization"] = f"Bearer {session_['token']}"
        yield Page(client, site.key, org_id, database)
