"""`frontdesk assistant`: how the assistant is, for the organisation or for one of its sites."""

from typing import Any
from uuid import UUID

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.assistant import HOTTEST, LANGUAGES, TONES, Held, held, reset_assistant, set_assistant
from app.cli.common import json_option, org_option, organisation_id, with_database
from app.config import Settings
from app.kit.db import Database
from app.tenancy.organisations import set_greeting, site_of_key

site_option = click.option("--site", "site_key", help="For the site with this key alone.")


@click.group()
def assistant() -> None:
    """How the assistant is: its model, tone, languages, instructions and what it does not speak about."""


@assistant.command()
@site_option
@org_option
@json_option
def show(*, site_key: str | None, org: str, as_json: bool) -> None:
    """The settings that hold for the organisation or a site, and who changed them last."""

    async def work(database: Database, _: Settings) -> Held:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            return await held(session, await _site(session, site_key))

    _tell(with_database(work), as_json=as_json)


@assistant.command("set")
@click.option("--model", help='Of the endpoint; "" for the one that OPENAI_MODEL names.')
@click.option("--temperature", type=click.FloatRange(0, HOTTEST), help="How freely it writes.")
@click.option("--no-temperature", is_flag=True, help="The model's own temperature.")
@click.option("--tone", type=click.Choice(TONES))
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(tuple(LANGUAGES)), help="May be repeated."
)
@click.option("--any-language", is_flag=True, help="Answers in the language of the question.")
@click.option("--instructions", help='What it is to keep to besides; "" for nothing.')
@click.option("--forbid", "forbidden", multiple=True, help="A topic that it declines. May be repeated.")
@click.option("--forbid-nothing", is_flag=True, help="No topic is declined.")
@click.option("--greeting", help="What the widget of the site says first.")
@site_option
@org_option
@json_option
def set_(
    *,
    site_key: str | None,
    org: str,
    as_json: bool,
    greeting: str | None,
    no_temperature: bool,
    any_language: bool,
    forbid_nothing: bool,
    **options: Any,
) -> None:
    """Change what is given, for the organisation or for one site, and leave the rest."""
    changed = {name: value for name, value in options.items() if value not in (None, ())}
    emptied: dict[str, Any] = {"temperature": None} if no_temperature else {}
    emptied |= {"languages": ()} if any_language else {}
    emptied |= {"forbidden": ()} if forbid_nothing else {}
    if greeting is not None and site_key is None:
        raise click.UsageError("A greeting is a site's own: name the site with --site.")

    async def work(database: Database, _: Settings) -> Held:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            site_id = await _site(session, site_key)
            if greeting is not None and site_key is not None:
                await set_greeting(session, await site_of_key(session, site_key), greeting)
            if changed or emptied:
                await set_assistant(session, site_id, by=None, **changed, **emptied)
            return await held(session, site_id)

    _tell(with_database(work), as_json=as_json)


@assistant.command()
@site_option
@org_option
def reset(*, site_key: str | None, org: str) -> None:
    """Go back to the organisation's settings, or to the defaults."""

    async def work(database: Database, _: Settings) -> Held:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            site_id = await _site(session, site_key)
            await reset_assistant(session, site_id)
            return await held(session, site_id)

    _tell(with_database(work), as_json=False)


async def _site(session: AsyncSession, key: str | None) -> UUID | None:
    return None if key is None else (await site_of_key(session, key)).id


def _tell(found: Held, *, as_json: bool) -> None:
    shown = {**vars(found.assistant), "changed_at": found.changed_at, "changed_by": found.changed_by or None}
    if as_json:
        click.echo(msgspec.json.encode(shown))
        return
    for name, value in shown.items():
        said = ", ".join(value) if isinstance(value, tuple) else value
        click.echo(f"{name.replace('_', ' '):<14} {'' if said is None else said}".rstrip())
