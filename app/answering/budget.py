"""What answers may cost. A request to the model is reserved before it is made and settled with what it really used.

Each request is charged to its visitor, their address, the site and the organisation, and needs room with all of them.
Who reserves holds the rows of those who pay and then counts what is used and what is reserved: of any number of
processes at once, exactly as many get through as there is room for. A reservation whose process died lapses.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.allowances import Payer, payers_of
from app.answering.models import BudgetUse
from app.config import Settings
from app.kit.clock import now
from app.kit.db import Database, Transaction, fetch, scope
from app.kit.failures import database_is_away
from app.kit.ids import new_id

log = logging.getLogger(__name__)

# A reservation outlives the longest answer by this much.
SPARE_S = 30
# How long use is kept that no period counts any more.
KEPT = timedelta(days=62)

# Ordered, so that no two who hold several of the same rows wait for each other.
CHARGE = """
    INSERT INTO budget_use AS used (org_id, payer, subject, period, begins, requests, tokens, micros)
    SELECT $1, payer, subject, period, begins, $6, $7, $8
    FROM unnest($2::text[], $3::text[], $4::text[], $5::date[]) AS charged (payer, subject, period, begins)
    ORDER BY payer, subject, period
    ON CONFLICT (org_id, payer, subject, period, begins) DO UPDATE
    SET requests = used.requests + $6, tokens = used.tokens + $7, micros = used.micros + $8
    RETURNING payer, subject, period, requests, tokens, micros
"""
# What is told is what others hold: this statement does not see what it adds.
RESERVE = """
    WITH paying AS (SELECT * FROM unnest($6::text[], $7::text[]) AS paying (payer, subject)),
    mine AS (
        INSERT INTO budget_reservation (org_id, id, lapses_at, tokens, micros, payer, subject)
        SELECT $1, $2, $3, $4, $5, payer, subject FROM paying
    )
    SELECT payer, subject, count(*), sum(tokens)::bigint, sum(micros)::bigint FROM budget_reservation
    WHERE org_id = $1 AND lapses_at > $8 AND (payer, subject) IN (SELECT * FROM paying)
    GROUP BY payer, subject
"""
GIVE_BACK = "DELETE FROM budget_reservation WHERE org_id = $1 AND id = $2"
FORGET_USE = "DELETE FROM budget_use WHERE org_id = $1 AND begins < $2 AND payer IN ('visitor', 'address')"
FORGET_LAPSED = "DELETE FROM budget_reservation WHERE org_id = $1 AND lapses_at <= $2"


class BudgetSpent(Exception):
    """There is no room for another request; the message says whose budget is used up, for the people who work here."""


@dataclass(frozen=True)
class Amount:
    """A million micros is one money."""

    requests: int = 0
    tokens: int = 0
    micros: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.requests + other.requests, self.tokens + other.tokens, self.micros + other.micros)

    def of(self, measure: str) -> float:
        """By the name of the measure in an allowance."""
        return {"requests": self.requests, "tokens": self.tokens, "money": self.micros / 1e6}[measure]


# ((payer, subject), period) -> what has been used in it.
Used = dict[tuple[tuple[str, str], str], Amount]


@dataclass(frozen=True)
class Purse:
    """Who pays for an answer, and what tokens cost (money a million)."""

    database: Database
    org_id: UUID
    payers: tuple[Payer, ...]
    price_in: float
    price_out: float
    lease: timedelta

    def cost(self, tokens_in: int, tokens_out: int) -> Amount:
        """What one request costs."""
        micros = round(tokens_in * self.price_in + tokens_out * self.price_out)
        return Amount(1, tokens_in + tokens_out, micros)


@dataclass
class Spending:
    """A request under way. What `used` says in the end is charged; None means that nothing came back."""

    id: UUID
    used: Amount | None = None


async def purse_of(
    session: Transaction, database: Database, settings: Settings, conversation_id: UUID | None = None
) -> Purse:
    """The purse for answers in a conversation; without one, only the organisation pays."""
    payers = await payers_of(session, settings, conversation_id)
    lease = timedelta(seconds=settings.answer_deadline_s + SPARE_S)
    return Purse(database, scope(session), payers, settings.price_in, settings.price_out, lease)


@asynccontextmanager
async def spending(purse: Purse, most: Amount) -> AsyncIterator[Spending]:
    """Holds `most` for as long as the block runs, then charges what was used. Raises BudgetSpent.

    What a request holds is of no use once the database has crashed: what it used is charged in the end.
    """
    async with purse.database.statements(purse.org_id, lasting=False) as session:
        request = Spending(await reserve(session, purse, most))
    try:
        yield request
    finally:
        try:
            async with purse.database.statements(purse.org_id) as session:
                await settle(session, purse, request)
        except Exception as error:
            if not database_is_away(error):
                raise
            log.warning("What an answer cost could not be noted: %s", error)


async def reserve(session: Transaction, purse: Purse, most: Amount) -> UUID:
    """Raises BudgetSpent where one of those who pay has no room for `most`; the transaction is then to be undone."""
    request_id = new_id()
    used = await _hold(session, purse.payers)
    reserved = await _reserve(session, purse, request_id, most)
    for payer in purse.payers:
        for (period, measure), allowed in payer.allowances.items():
            wanted = used[payer.key, period] + reserved.get(payer.key, Amount()) + most
            if wanted.of(measure) > allowed:
                raise BudgetSpent(
                    f"The budget of this {payer.kind} is used up: {allowed:,.10g} {measure} a {period}."
                )
    return request_id


async def _hold(session: Transaction, payers: Sequence[Payer]) -> Used:
    """Locks a row for each period that has a limit, and tells what is used."""
    limited = [(payer, period) for payer in payers for period in payer.periods]
    return await _add(session, limited, Amount()) if limited else {}


async def _add(session: Transaction, charged: Sequence[tuple[Payer, str]], used: Amount) -> Used:
    """Adds to what each payer has used in a period, whose row is held from then on; tells what that is now."""
    rows = [(*payer.key, period, begins(period)) for payer, period in charged]
    amount = (used.requests, used.tokens, used.micros)
    found = await fetch(session, CHARGE, scope(session), *_columns(rows, 4), *amount)
    return {((row[0], row[1]), row[2]): Amount(*row[3:]) for row in found}


async def _reserve(
    session: Transaction, purse: Purse, request_id: UUID, most: Amount
) -> dict[tuple[str, str], Amount]:
    """Reserves `most` with all who pay; tells what others have reserved with each of them."""
    time, keys = now(), _columns([payer.key for payer in purse.payers], 2)
    held = (request_id, time + purse.lease, most.tokens, most.micros)
    found = await fetch(session, RESERVE, scope(session), *held, *keys, time)
    return {(row[0], row[1]): Amount(*row[2:]) for row in found}


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    return [[row[at] for row in rows] for at in range(width)]


async def settle(session: Transaction, purse: Purse, request: Spending) -> None:
    """Charges what was used to everybody who pays, and gives the reservation back."""
    if request.used is not None:
        await _charge(session, purse.payers, request.used)
    await fetch(session, GIVE_BACK, scope(session), request.id)


async def _charge(session: Transaction, payers: Sequence[Payer], used: Amount) -> None:
    now_used = await _add(session, [(payer, period) for payer in payers for period in ("day", "month")], used)
    organisation = ("organisation", str(scope(session)))
    if now_used[organisation, "day"].requests == 1:
        await _forget(session)  # the first request of a day


async def _forget(session: Transaction) -> None:
    """Deletes visitors' and addresses' use that no period counts any more, and reservations that have lapsed."""
    await fetch(session, FORGET_USE, scope(session), now().date() - KEPT)
    await fetch(session, FORGET_LAPSED, scope(session), now())


def begins(period: str) -> date:
    """The first day, in UTC, of the day or month that it is now."""
    today = now().date()
    return today if period == "day" else today.replace(day=1)


async def used_now(session: AsyncSession) -> Used:
    """((payer, subject), period) -> what has been used of the current day and month, by site and organisation."""
    query = select(BudgetUse).where(
        BudgetUse.org_id == scope(session),
        BudgetUse.payer.in_(("site", "organisation")),
        tuple_(BudgetUse.period, BudgetUse.begins).in_([(each, begins(each)) for each in ("day", "month")]),
    )
    found = (await session.scalars(query)).all()
    return {
        ((use.payer, use.subject), use.period): Amount(use.requests, use.tokens, use.micros) for use in found
    }
