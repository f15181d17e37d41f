"""`frontdesk reindex`: another embedder takes over, while everybody goes on searching."""

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.cli.common import org_option, organisation_id, with_database
from app.config import Settings
from app.kit.db import Database
from app.knowledge.embedders import connect_models
from app.knowledge.endpoints import EndpointFailed
from app.knowledge.reindex import begin_reindex
from app.knowledge.reindex import reindex as make_vectors


@click.command()
@org_option
def reindex(*, org: str) -> None:
    """Embed every passage anew by the model that the settings name, and switch to it when all is done.

    Search goes on with the old vectors until then. What stopped goes on where it was.
    """

    async def work(database: Database, settings: Settings) -> str:
        org_id = await organisation_id(database, org)
        models = connect_models(settings)
        try:
            async with database.transaction(org_id) as session:
                await begin_reindex(session, models.wanted)
            with _bar() as progress:
                task = progress.add_task("Embedding", total=None)

                def watch(done: int, total: int) -> None:
                    progress.update(task, completed=done, total=total)

                await make_vectors(database, models, org_id, models.wanted, watch=watch)
        except EndpointFailed as error:
            raise click.ClickException(f"{error} Run this again to go on where it stopped.") from error
        finally:
            await models.close()
        return models.wanted

    click.echo(f"Search uses {with_database(work)} now.")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
