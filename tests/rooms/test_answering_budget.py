"""What answers may cost: reserved before, settled after, exact whoever asks at the same time."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from app.answering.allowances import KINDS, payers_of, set_limit
from app.answering.budget import (
    Amount,
    BudgetSpent,
    Purse,
    Spending,
    purse_of,
    reserve,
    settle,
    spending,
    used_now,
)
from app.answering.models import Answer, BudgetReservation, BudgetUse
from app.answering.phrases import phrase
from app.answering.turn import Context, reply
from app.config import Settings
from app.conversations import messaging
from app.kit.db import Database
from app.kit.errors import Invalid
from tests.factories import Talk, create_talk, say
from tests.model_server import ModelServer

SOUND = "How do I turn the sound off?"
FREE = Settings(budget_visitor="none", budget_address="none", budget_organisation="none")


async def _purse(database: Database, org_id: UUID, limits: str, price: float = 0.0) -> Purse:
    settings = Settings(budget_organisation=limits, price_in=price, price_out=price)
    async with database.transaction(org_id) as session:
        return await purse_of(session, database, settings)


async def _used(database: Database, org_id: UUID) -> Amount:
    async with database.transaction(org_id) as session:
        return (await used_now(session)).get((("organisation", str(org_id)), "day"), Amount())


async def _spend(purse: Purse, most: Amount, used: Amount | None) -> bool:
    try:
        async with spending(purse, most) as request:
            await asyncio.sleep(0.01)
            request.used = used
    except BudgetSpent:
        return False
    return True


async def test_of_two_hundred_at_once_ten_get_through(database: Database, org_id: UUID) -> None:
    purse = await _purse(database, org_id, "10 requests/day")
    got = await asyncio.gather(*(_spend(purse, Amount(1, 500), Amount(1, 100)) for _ in range(200)))
    assert sum(got) == 10
    assert await _used(database, org_id) == Amount(10, 1000)


@pytest.mark.parametrize(
    ("limits", "through"),
    [
        ("1000 tokens/day", 2),
        ("1000 tokens/month", 2),
        ("0.01 money/month", 4),
        ("3 requests/day, 9 requests/month", 3),
        ("9 requests/day, 3 requests/month", 3),
        ("none", 5),
    ],
)
async def test_each_measure_and_period_is_kept(
    database: Database, org_id: UUID, limits: str, through: int
) -> None:
    purse = await _purse(database, org_id, limits, price=5.0)
    got = [await _spend(purse, purse.cost(400, 100), purse.cost(400, 100)) for _ in range(5)]
    assert sum(got) == through


async def test_what_was_reserved_and_not_used_is_given_back(database: Database, org_id: UUID) -> None:
    purse = await _purse(database, org_id, "1 requests/day")
    assert await _spend(purse, Amount(1, 500), None)
    assert await _used(database, org_id) == Amount()
    with pytest.raises(ValueError, match="a bug"):
        async with spending(purse, Amount(1, 500)):
            raise ValueError("a bug")
    assert await _spend(purse, Amount(1, 500), Amount(1, 20))
    assert not await _spend(purse, Amount(1, 500), Amount(1, 20))
    assert await _used(database, org_id) == Amount(1, 20)


async def test_the_reservation_of_a_dead_worker_lapses(database: Database, org_id: UUID) -> None:
    dying = replace(await _purse(database, org_id, "1 requests/day"), lease=timedelta(seconds=0.3))
    async with database.transaction(org_id) as session:
        await reserve(session, dying, Amount(1))
    assert not await _spend(dying, Amount(1), Amount(1))
    await asyncio.sleep(0.35)
    assert await _spend(dying, Amount(1), Amount(1))


async def test_a_refusal_says_whose_budget_it_is(database: Database, org_id: UUID) -> None:
    purse = await _purse(database, org_id, "0.5 money/month", price=1.0)
    with pytest.raises(BudgetSpent, match=r"The budget of this organisation is used up: 0.5 money a month\."):
        async with spending(purse, purse.cost(600_000, 0)):
            pass


async def test_everybody_who_causes_an_answer_pays(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        talk.visitor.address = "somewhere"
        await session.flush()
        payers = await payers_of(session, FREE, talk.id)
        assert sorted(payer.kind for payer in payers) == sorted(KINDS)
        purse = await purse_of(session, database, FREE, talk.id)
        await settle(session, purse, Spending(await reserve(session, purse, Amount(1)), Amount(1, 5)))
        uses = (await session.scalars(select(BudgetUse).where(BudgetUse.org_id == org_id))).all()
        kept = Counter(use.payer for use in uses)
        assert kept == dict.fromkeys(KINDS, 2)
        assert not (await session.scalars(select(BudgetReservation))).all()


async def test_a_sites_limit_goes_before_the_organisations_and_that_before_the_default(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        other = await create_talk(session)
        await set_limit(session, "visitor", "7 requests/day")
        await set_limit(session, "visitor", "3 requests/day", site_id=talk.site.id)
        found = [
            {payer.kind: payer.allowances for payer in await payers_of(session, Settings(), each.id)}
            for each in (talk, other)
        ]
    assert [each["visitor"] for each in found] == [{("day", "requests"): 3}, {("day", "requests"): 7}]
    assert found[0]["organisation"] == {("day", "requests"): 10_000}


@pytest.mark.parametrize(
    "text", ["", "lots", "5 requests", "-1 requests/day", "5 answers/day", "1 money/year"]
)
async def test_what_is_no_budget_is_refused(database: Database, org_id: UUID, text: str) -> None:
    async with database.transaction(org_id) as session:
        with pytest.raises(Invalid, match="write it like"):
            await set_limit(session, "visitor", text)


async def _ask(context: Context, org_id: UUID) -> Talk:
    async with context.database.transaction(org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, SOUND)
    await reply(context, org_id, talk.id, question.id)
    return talk


async def test_past_the_budget_the_visitor_is_told_and_a_person_is_asked(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("In the options [1].")
    poor = replace(
        with_model, settings=_with(with_model.settings, budget_site="none", budget_visitor="0 requests/day")
    )
    talk = await _ask(poor, knowing)
    async with poor.database.transaction(knowing) as session:
        conversation = await messaging.get(session, talk.id)
        assert conversation.status == "waiting"
        assert conversation.preview.startswith(phrase("spent", "en"))
        assert conversation.waiting_reason == "The budget of this visitor is used up: 0 requests a day."
    assert not model.requests
    await poor.close()


def _with(settings: Settings, **changed: str | float) -> Settings:
    return msgspec.structs.replace(settings, **changed)


async def test_an_answer_is_charged_with_what_the_endpoint_says(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("Set it off [1].")
    dear = replace(with_model, settings=_with(with_model.settings, price_in=2.0, price_out=10.0))
    talk = await _ask(dear, knowing)
    async with dear.database.transaction(knowing) as session:
        kept = (await session.scalars(select(Answer).where(Answer.conversation_id == talk.id))).one()
        mine = (BudgetUse.org_id == knowing) & (BudgetUse.subject == str(talk.visitor.id))
        use = (await session.scalars(select(BudgetUse).where(mine, BudgetUse.period == "day"))).one()
    assert kept.tokens_in == 100
    assert kept.tokens_out
    assert kept.cost_micros == 100 * 2 + kept.tokens_out * 10
    assert (use.requests, use.tokens, use.micros) == (1, 100 + kept.tokens_out, kept.cost_micros)
    await dear.close()


async def test_an_endpoint_that_fails_costs_nothing_and_one_that_breaks_what_it_said(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.fail(401)
    model.cut_after(3, "One two three four")
    charged = []
    for _ in range(2):
        talk = await _ask(with_model, knowing)
        async with with_model.database.transaction(knowing) as session:
            mine = (BudgetUse.org_id == knowing) & (BudgetUse.subject == str(talk.visitor.id))
            found = (await session.scalars(select(BudgetUse).where(mine, BudgetUse.period == "day"))).one()
            charged.append((found.requests, found.tokens > 200))
    assert charged == [(0, False), (1, True)]
