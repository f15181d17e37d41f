"""Whoever knocks at the doors."""

import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.engine import URL

from app.kit.db import Database
from app.tenancy.models import Organisation
from app.tenancy.organisations import create_site
from tests.doors.console import Member, at_console
from tests.doors.pages import ORIGIN, Page
from tests.doors.terminal import Terminal
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


@pytest.fixture
async def member(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id) as member:
        yield member


@pytest.fixture
async def terminal(database_urls: tuple[URL, URL], database: Database, org_id: UUID) -> Terminal:
    async with database.transaction(org_id) as session:
        slug = (await session.get_one(Organisation, org_id)).slug
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FRONTDESK_"))
    }
    owner, app = (url.render_as_string(hide_password=False) for url in database_urls)
    return Terminal({**kept, "DATABASE_URL": app, "DATABASE_OWNER_URL": owner, "NO_COLOR": "1"}, slug)
