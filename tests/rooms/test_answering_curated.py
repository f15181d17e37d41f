"""Curated answers: as they were written, for just what was asked, and for nothing that only looks like it."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from app.answering.steps import Done, Why
from app.answering.turn import Context, Desk, answer
from app.conversations.asked import Turn
from app.knowledge.indexing import index_version
from app.knowledge.queries import waiting_versions
from app.knowledge.written import Draft, switch, write
from tests.model_server import ModelServer

WRITTEN = "To Norway it takes **eight days**.\n\nAsk us about [express](https://shop.example)."
QUESTIONS = ("How long does delivery to Norway take?", "Norway delivery time")


async def _ask(
    context: Context, org_id: UUID, question: str, history: Sequence[Turn] = ()
) -> tuple[Done, Why]:
    why, desk = Why(), Desk(context.database, org_id, "Northwind", context.model)
    steps = [step async for step in answer(desk, question, history, why)]
    assert isinstance(steps[-1], Done)
    return steps[-1], why


@pytest.fixture
async def entry(context: Context, org_id: UUID) -> UUID:
    async with context.database.transaction(org_id) as session:
        entry = await write(session, "faq", Draft(QUESTIONS, WRITTEN), by=None)
        waiting = await waiting_versions(session)
    for version_id in waiting:
        await index_version(context.database, org_id, version_id)
    return entry


@pytest.mark.parametrize(
    "question",
    [
        "How long does delivery to Norway take?",
        "how long will the delivery to norway take",
        "norway delivery time?",
    ],
)
async def test_just_what_was_asked_is_answered_as_written(
    context: Context, org_id: UUID, entry: UUID, question: str
) -> None:
    done, why = await _ask(context, org_id, question)
    assert done.text == f"{WRITTEN} [1]"
    assert done.outcome == "answered"
    assert done.sources[0].title == QUESTIONS[0]
    assert why.curated
    assert why.decision == {"kind": "curated"}


@pytest.mark.parametrize(
    "question",
    [
        "How long does delivery to Sweden take?",
        "How long does delivery to Norway by express take?",
        "Why does delivery to Norway not take long?",
        "What does delivery to Norway cost?",
        "Norway",
    ],
)
async def test_a_near_miss_is_not(context: Context, org_id: UUID, entry: UUID, question: str) -> None:
    _, why = await _ask(context, org_id, question)
    assert not why.curated


async def test_no_model_is_asked_for_what_is_written_not_even_in_a_follow_up(
    with_model: Context, org_id: UUID, entry: UUID, model: ModelServer
) -> None:
    before = (Turn("user", "Do you deliver parasols?"), Turn("assistant", "Yes, in Europe. [1]"))
    for history in ((), before):
        done, why = await _ask(with_model, org_id, "And the Norway delivery time?", history)
        assert done.text == f"{WRITTEN} [1]"
        assert why.curated
    assert model.requests == []


async def test_an_entry_that_is_switched_off_is_not_given(
    context: Context, org_id: UUID, entry: UUID
) -> None:
    async with context.database.transaction(org_id) as session:
        await switch(session, entry, active=False, by=None)
    done, why = await _ask(context, org_id, QUESTIONS[0])
    assert not why.curated
    assert "eight days" not in done.text
