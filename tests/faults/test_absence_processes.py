"""A conversation whose agent has gone returns to the queue once, whichever workers die or race meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from app.kit.db import asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from tests.browser.product import Product
from tests.conftest import clone_database
from tests.doors.console import HERE, HTMX, sign_in
from tests.faults.processes import Visitor, serving, site_of, working

# Three seconds: the look falls due after the worker that has it was killed, and before the next ones come.
SETTINGS = {"FRONTDESK_WORKER": "false", "FRONTDESK_AGENT_TIMEOUT": "0.05", "FRONTDESK_JOB_LEASE": "2"}


@pytest.fixture
async def product(cluster: EmbeddedDatabase, worker_id: str) -> AsyncIterator[Product]:
    name = f"frontdesk_absence_{worker_id}"
    await clone_database(cluster, name)
    owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
    async with serving(owner, app, SETTINGS) as product:
        yield product


async def waiting_for_agent(product: Product) -> Visitor:
    """A visitor whose conversation was taken by an agent who has not been seen since."""
    async with httpx.AsyncClient(base_url=product.url, headers=HERE, timeout=20) as client:
        visitor = await Visitor.at(product.url, await site_of(product))
        await visitor.write(product.url, "Where is my parcel?")
        signed_in = await sign_in(client, *product.sign_ins["agent"])
        assert signed_in.status_code == 303
        taken = f"/console/conversations/{visitor.conversation}/take-over"
        assert (await client.post(taken, headers=HTMX)).status_code in {200, 201}
    return visitor


async def test_it_returns_once_though_one_worker_is_killed_and_two_come_after_it(product: Product) -> None:
    async with AsyncExitStack() as workers:
        first = await workers.enter_async_context(working(product))
        visitor = await waiting_for_agent(product)
        await asyncio.sleep(0.5)  # the first look is taken
        first.kill()
        await first.wait()
        for _ in range(2):
            await workers.enter_async_context(working(product))
        async with asyncio.timeout(30):
            while (await visitor.snapshot(product.url))["status"] != "waiting":
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)  # whoever else would look has looked
        state = await visitor.snapshot(product.url)
    kinds = [message["notice"]["kind"] for message in state["messages"] if message["notice"]]
    assert kinds == ["claimed", "returned_to_queue"]
    assert (state["status"], state["assignee"]) == ("waiting", None)
