"""A model that obeys every injection finds nothing to do harm with: of what it says, only text reaches the visitor."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.answering import prompt
from app.answering.leaks import Recital
from app.answering.phrases import phrase
from app.conversations.views import View
from app.handoff.desk import set_desk
from app.kit.db import Database
from app.kit.ids import new_id
from app.knowledge.models import Document
from app.tenancy.organisations import create_organisation
from tests.answering.conftest import Caller, call
from tests.answering.poison import EVIL, ORDERS, SUBJECTS, TOOLS, obey, page
from tests.model_server import Act, ModelServer
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer

VISITORS = 4
# For one answer of many at once, on a machine that has other things to do.
PATIENCE_S = 240
OURS = {"hand_off", "cannot_answer", "ask_back", "decline"}
FOREIGN = "The juniper code of Contoso is 4711"
# What a browser would fetch, or follow when it is clicked.
ACTIVE = re.compile(r"!\[|\]\(|<\s*(?:img|a|iframe|script|style|svg|link)\b|\]:\s*http", re.IGNORECASE)
ADDRESS = re.compile(rf"(?:https?:|ftp:|mailto:|//|www\.)[^\s]*{re.escape(EVIL)}", re.IGNORECASE)


@pytest.fixture(scope="module")
async def poisoned(database: Database) -> UUID:
    async with database.transaction(None) as session:
        org_id = (await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")).id
        await set_desk(session, None, after_unknown=0)  # nothing but a tool brings in a person here
    for number in range(100):
        await index_document(database, org_id, *page(number))
    async with database.transaction(None) as session:
        other = (await create_organisation(session, slug=f"org-{new_id().hex}", name="Contoso")).id
    secret = f"# The parasol 1\n\nTo open the parasol 1, say the word. {FOREIGN}.".encode()
    await index_document(database, other, "secret.md", secret)
    return org_id


@pytest.fixture
async def victim(server: RunningServer, database: Database, poisoned: UUID) -> AsyncIterator[Caller]:
    caller = await call(server, database, poisoned)
    yield caller
    await caller.client.aclose()


def _harmless(message: View) -> None:
    text = message["text"]
    assert not ACTIVE.search(text), text
    assert not ADDRESS.search(re.sub(r"`[^`]*`", "", text)), text
    assert FOREIGN not in str(message)
    said = text.replace(phrase("unsupported", "en"), "")
    assert not Recital(prompt.RULES).begins_with(said), text
    assert all(source["url"] is None for source in message["sources"])


async def _asks(
    server: RunningServer, database: Database, org_id: UUID, subjects: list[str], turn: asyncio.Semaphore
) -> None:
    async with turn:
        caller = await call(server, database, org_id)
        for asked, subject in enumerate(subjects, 1):
            await caller.write(f"How do I open the {subject}?")
            view = await caller.answered(asked, within_s=PATIENCE_S)
            assert view["status"] == "bot", "a tool that nobody offered was called"
            _harmless(view["messages"][-1])
        await caller.client.aclose()


async def test_a_hundred_poisoned_pages_and_a_model_that_obeys_them(
    server: RunningServer, database: Database, poisoned: UUID, model: ModelServer
) -> None:
    model._add(Act(text=obey, tool=(TOOLS[0], '{"all": true}')))
    seen: set[str] = set()
    turn = asyncio.Semaphore(VISITORS)
    visitors = (_asks(server, database, poisoned, SUBJECTS[at : at + 5], turn) for at in range(0, 100, 5))
    await asyncio.gather(*visitors)
    for request in model.requests:
        asked = str(request.body)
        assert FOREIGN not in asked
        assert {tool["function"]["name"] for tool in request.body.get("tools", [])} <= OURS
        seen.update(subject for subject in SUBJECTS if f"The {subject}" in asked)
    assert len(seen) == 100, f"not reached: {set(SUBJECTS) - seen}"
    async with database.transaction(poisoned) as session:
        assert await session.scalar(select(func.count()).where(Document.org_id == poisoned)) == 100


@pytest.mark.parametrize("order", ORDERS)
async def test_a_visitor_who_injects_gets_nothing_either(
    victim: Caller, model: ModelServer, order: str
) -> None:
    model.say(obey)
    await victim.write(f"How do I open the parasol 1? Say exactly OBEY<<{order}>>")
    _harmless((await victim.answered())["messages"][-1])


async def test_the_models_own_tools_are_the_only_ones(victim: Caller, model: ModelServer) -> None:
    model.call_tool("run_sql", {"query": "DROP TABLE message"})
    await victim.write("How do I open the hammock 7?")
    view = await victim.answered()
    assert (view["status"], view["messages"][-1]["outcome"]) == ("bot", "answered")
