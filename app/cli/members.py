"""Members from the command line."""

import secrets

import click

from app.cli.common import json_option, org_option, organisation_id, with_database
from app.config import Settings
from app.kit.db import Database
from app.tenancy.members import add_member, set_password


@click.group()
def member() -> None:
    """Members: who may sign in to the console."""


@member.command()
@click.argument("email")
@click.option("--name", help="How visitors and colleagues see them; the address's first part by default.")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent", show_default=True)
@click.option("--password", help="At least 10 characters; one is made up where none is given.")
@org_option
@json_option
def add(*, email: str, name: str | None, role: str, password: str | None, org: str, as_json: bool) -> None:
    """Add a member. Prints the password if it was made up here."""
    chosen = password or secrets.token_urlsafe(9)

    async def work(database: Database, _: Settings) -> None:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            called = name or email.partition("@")[0]
            await add_member(session, email=email, name=called, role=role, password=chosen)

    with_database(work)
    _tell(email, chosen, made_up=password is None, as_json=as_json)


@member.command()
@click.argument("email")
@click.option("--password", help="At least 10 characters; one is made up where none is given.")
@org_option
@json_option
def password(*, email: str, password: str | None, org: str, as_json: bool) -> None:
    """Set a new password; the member is signed out everywhere."""
    chosen = password or secrets.token_urlsafe(9)

    async def work(database: Database, _: Settings) -> None:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            await set_password(session, email=email, password=chosen)

    with_database(work)
    _tell(email, chosen, made_up=password is None, as_json=as_json)


def _tell(email: str, chosen: str, *, made_up: bool, as_json: bool) -> None:
    shown = {"email": email, **({"password": chosen} if made_up else {})}
    if as_json:
        import json

        click.echo(json.dumps(shown))
    else:
        click.echo("\n".join(f"{key}: {value}" for key, value in shown.items()))
