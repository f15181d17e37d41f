"""Fifty visitors at once: their answers together use no more tokens, and no more money, than there are."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from app.answering.budget import Amount, used_now
from app.answering.models import BudgetReservation
from app.answering.turn import Context, reply
from app.conversations import messaging
from app.conversations.models import Conversation
from app.kit.db import Database
from app.reactions import REACTIONS
from app.realtime.bus import LocalBus
from tests.factories import Talk, create_talk, say
from tests.model_server import ModelServer
from tests.rooms.conftest import GUIDE
from tests.rooms.knowledge_factories import index_document

VISITORS = 50
WORDS = 300
# Of one answer: what the endpoint says of its prompt, and each word of the answer.
TOKENS = 100 + WORDS
# More than is reserved for two answers and less than a third of what fifty use.
ALLOWED = 6_000


@pytest.fixture
async def patient(database: Database, bus: LocalBus) -> AsyncIterator[Database]:
    """Fifty wait here for the connections of one process, on a machine that may have much else to do."""
    waiting = Database(database.url, reactions=REACTIONS, info={"bus": bus}, patience_s=60)
    yield waiting
    await waiting.close()


async def _turn(context: Context, org_id: UUID, talk: Talk, question: UUID) -> Conversation:
    await reply(context, org_id, talk.id, question)
    async with context.database.transaction(org_id) as session:
        return await messaging.get(session, talk.id)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (f"{ALLOWED} tokens/day", "The budget of this organisation is used up: 6,000 tokens a day."),
        (f"{ALLOWED / 1e6} money/day", "The budget of this organisation is used up: 0.006 money a day."),
    ],
)
async def test_fifty_turns_at_once_keep_to_what_there_is(
    with_model: Context, patient: Database, org_id: UUID, model: ModelServer, limit: str, told: str
) -> None:
    model.say(" ".join(["word"] * WORDS))
    prices = {"price_in": 1.0, "price_out": 1.0}
    settings = msgspec.structs.replace(with_model.settings, budget_organisation=limit, **prices)
    context = replace(with_model, settings=settings, database=patient)
    await index_document(context.database, org_id, "guide.md", GUIDE)
    async with context.database.transaction(org_id) as session:
        talks = [await create_talk(session) for _ in range(VISITORS)]
        asked = [(talk, (await say(session, talk, "How do I turn the sound off?")).id) for talk in talks]
    ended = await asyncio.gather(*(_turn(context, org_id, *each) for each in asked))
    await context.close()
    answered = len(model.requests)
    assert 2 <= answered <= ALLOWED // TOKENS
    assert [one.waiting_reason for one in ended if one.status == "waiting"] == [told] * (VISITORS - answered)
    async with context.database.transaction(org_id) as session:
        used = (await used_now(session))[("organisation", str(org_id)), "day"]
        held = (await session.scalars(select(BudgetReservation))).all()
    assert used == Amount(answered, answered * TOKENS, answered * TOKENS)
    assert not held
