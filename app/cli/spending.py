"""`frontdesk budget`: what answers may cost, and what is left of it."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.allowances import KINDS, Kind, Limits, allowed, limits_set, reset_limit, set_limit
from app.answering.budget import Amount, used_now
from app.cli.common import json_option, org_option, organisation_id, print_table, with_database
from app.config import Settings, allowances
from app.kit.db import Database
from app.tenancy.organisations import site_of_key, sites

kind_argument = click.argument("whose", type=click.Choice(KINDS))
site_option = click.option("--site", "site_key", help="For the site with this key alone.")


@click.group()
def budget() -> None:
    """Show what answers may cost and have cost, and set it."""


@budget.command()
@org_option
@json_option
def show(*, org: str, as_json: bool) -> None:
    """What the organisation and its sites have used, and what a visitor and an address may use."""

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            return await _rows(session, settings, org_id)

    rows = with_database(work)
    if as_json:
        click.echo(msgspec.json.encode(rows))
    elif rows:
        print_table(rows)
    else:
        click.echo("Nothing is limited, and nothing was used this month.")


async def _rows(session: AsyncSession, settings: Settings, org_id: UUID) -> list[dict[str, Any]]:
    limits, used = await limits_set(session), await used_now(session)

    def rows(kind: str, name: str, subject: UUID | None = None) -> Iterator[dict[str, Any]]:
        site_id = subject if kind == "site" else None
        most = allowances(allowed(limits, settings, kind, site_id))
        for period, measure in product(("day", "month"), ("requests", "tokens", "money")):
            spent = used.get(((kind, str(subject)), period), Amount()).of(measure)
            if (period, measure) in most or spent:
                allowance = most.get((period, measure))
                yield _row(name, f"{measure}/{period}", allowance, None if subject is None else spent)

    found = list(rows("organisation", "the organisation", org_id))
    for site in await sites(session):
        found += [*rows("site", f"site {site.name} ({site.key})", site.id), *_own(limits, site.id, site.name)]
    return [*found, *rows("address", "each address"), *rows("visitor", "each visitor")]


def _own(limits: Limits, site_id: UUID, name: str) -> Iterator[dict[str, Any]]:
    """What a site allows its visitors and their addresses, where that is something else than elsewhere."""
    for kind in ("address", "visitor"):
        for (period, measure), most in allowances(limits.get((kind, site_id), "none")).items():
            yield _row(f"each {kind} of {name}", f"{measure}/{period}", most, None)


def _row(name: str, measure: str, most: float | None, spent: float | None) -> dict[str, Any]:
    left = None if most is None or spent is None else max(0.0, most - spent)
    shown = {"allowed": most, "used": spent, "left": left}
    numbers = {key: None if value is None else _plain(value) for key, value in shown.items()}
    return {"budget": name, "of": measure, **numbers}


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 4)


@budget.command("set")
@kind_argument
@click.argument("allowances", metavar="BUDGET")
@site_option
@org_option
def set_(*, whose: Kind, allowances: str, site_key: str | None, org: str) -> None:
    """Set a BUDGET, such as "500 requests/day, 20 money/month", or "none" for no limit.

    It replaces the operator's default for WHOSE: a single visitor, a single address, a site, or the organisation.
    """

    async def work(database: Database, _: Settings) -> None:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            await set_limit(session, whose, allowances, site_id=await _site(session, site_key))

    with_database(work)
    click.echo(f"{whose}: {allowances}")


@budget.command()
@kind_argument
@site_option
@org_option
def reset(*, whose: Kind, site_key: str | None, org: str) -> None:
    """Go back to the default for WHOSE."""

    async def work(database: Database, settings: Settings) -> str:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            site_id = await _site(session, site_key)
            await reset_limit(session, whose, site_id=site_id)
            return allowed(await limits_set(session), settings, whose, site_id)

    click.echo(f"{whose}: {with_database(work)}")


async def _site(session: AsyncSession, key: str | None) -> UUID | None:
    return None if key is None else (await site_of_key(session, key)).id
