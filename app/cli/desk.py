"""`frontdesk desk`: opening hours, and the rules by which a conversation goes to a person."""

from typing import Any
from uuid import UUID

import click
import msgspec

from app.cli.common import json_option, org_option, organisation_id, with_database
from app.config import Settings
from app.handoff.desk import Desk, availability, desk_of, set_desk
from app.kit.db import Database
from app.tenancy.organisations import site_of_key

site_option = click.option("--site", "site_key", help="For the site with this key alone.")


@click.group()
def desk() -> None:
    """When people are at the desk, and which conversations go to them by themselves."""


@desk.command()
@site_option
@org_option
@json_option
def show(*, site_key: str | None, org: str, as_json: bool) -> None:
    """The settings that hold for the organisation or a site, and whether somebody is there now."""

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            site_id = (await site_of_key(session, site_key)).id if site_key else None
            there = await availability(session, site_id)
            return {**vars(await desk_of(session, site_id)), **vars(there)}

    _tell(with_database(work), as_json=as_json)


@desk.command("set")
@click.option("--hours", help='Such as "Mon-Fri 09:00-17:00, Sat 10:00-14:00"; "" for none.')
@click.option("--zone", help="The time zone of the hours, such as Europe/Berlin.")
@click.option("--closed-on", help='Days on which nobody comes, such as "2026-12-25, 2026-12-26".')
@click.option("--topic", "topics", multiple=True, help="Goes to a person at once. May be repeated.")
@click.option("--no-topics", is_flag=True, help="No topic goes to a person at once.")
@click.option("--after-unknown", type=click.IntRange(0, 20), help='After so many "I don\'t know" in a row.')
@click.option("--after-thumbs-down", type=click.IntRange(0, 20), help="After so many thumbs down.")
@site_option
@org_option
@json_option
def set_(
    *,
    topics: tuple[str, ...],
    no_topics: bool,
    site_key: str | None,
    org: str,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Change what is given, for the organisation or for one site, and leave the rest. 0 means never."""
    changed: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if topics or no_topics:
        changed["topics"] = topics

    async def work(database: Database, _: Settings) -> Desk:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            site_id: UUID | None = (await site_of_key(session, site_key)).id if site_key else None
            return await set_desk(session, site_id, **changed)

    _tell(vars(with_database(work)), as_json=as_json)


def _tell(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(shown))
        return
    for name, value in shown.items():
        said = ", ".join(value) if isinstance(value, tuple) else value
        click.echo(f"{name.replace('_', ' '):<18} {'' if said is None else said}".rstrip())
