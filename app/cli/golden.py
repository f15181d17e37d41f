"""`frontdesk check` and `frontdesk golden`: questions that the assistant must get right, asked again."""

from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.answering.llm import connect
from app.cli.common import json_option, org_option, organisation_id, print_table, with_database
from app.config import Settings
from app.kit.db import Database
from app.knowledge.embedders import connect_models
from app.quality.comparing import Compared, Report, report
from app.quality.looking import look_later
from app.quality.questions import questions, take_in
from app.quality.replay import begin, desk_of, replay
from app.quality.table import as_table, read_questions


@click.command()
@click.option(
    "--only-worse", is_flag=True, help="Fail only where something got worse than in the run before."
)
@org_option
@json_option
def check(*, only_worse: bool, org: str, as_json: bool) -> None:
    """Ask all golden questions again, and show what got better and what got worse.

    Ends with 1 if an answer is wrong. `frontdesk golden import FILE` brings questions.
    """

    async def work(database: Database, settings: Settings) -> Report:
        org_id = await organisation_id(database, org)
        return await _replayed(database, settings, org_id, quiet=as_json)

    made = with_database(work)
    if as_json:
        click.echo(msgspec.json.encode(_as_json(made)))
    else:
        _show(made)
    wrong = made.changed("worse") if only_worse else len(made.results) - made.passed
    raise SystemExit(1 if wrong else 0)


async def _replayed(database: Database, settings: Settings, org_id: UUID, *, quiet: bool) -> Report:
    desk = await desk_of(database, settings, org_id, connect(settings), connect_models(settings))
    async with database.transaction(org_id) as session:
        run = await begin(session, settings, "command")
    with _bar() as progress:
        task = progress.add_task("Asking", total=run.asked, visible=not quiet)
        async with aclosing(replay(desk, run.id)) as asked:
            async for _ in asked:
                progress.advance(task)
    async with database.transaction(org_id) as session:
        return await report(session, run.id)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _show(made: Report) -> None:
    print_table([_row(result) for result in made.results])
    click.echo()
    counted = ", ".join(f"{made.changed(change)} {change}" for change in ("worse", "better", "new"))
    against = (
        f"compared with {made.against.started_at:%Y-%m-%d %H:%M} UTC" if made.against else "the first run"
    )
    click.echo(f"{made.passed} of {len(made.results)} right: {counted} ({against})")


def _row(result: Compared) -> dict[str, Any]:
    return {
        "": "right" if result.passed else "wrong",
        "change": "" if result.change == "same" else result.change,
        "question": result.now.question,
        "what is wrong": " ".join(result.now.faults),
    }


def _as_json(made: Report) -> dict[str, Any]:
    return {
        "run": str(made.run.id),
        "against": str(made.against.id) if made.against else None,
        "made_of": made.run.made_of,
        "right": made.passed,
        "asked": len(made.results),
        "worse": made.changed("worse"),
        "better": made.changed("better"),
        "results": [
            {
                "question": result.now.question,
                "right": result.passed,
                "change": result.change,
                "faults": result.now.faults,
                "answer": result.now.answer,
                "sources": result.now.sources,
                "milliseconds": result.now.milliseconds,
            }
            for result in made.results
        ],
    }


@click.group()
def golden() -> None:
    """Golden questions: what the assistant must get right. `frontdesk check` asks them."""


@golden.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@org_option
def bring(*, file: Path, org: str) -> None:
    """Add the questions of FILE, a table (CSV) or JSON; one that is there already is changed.

    Columns: question, and as needed source (a part of the document's name, title or address), must_say, must_not_say
    (several phrases with | between them) and declined (yes: the right answer is that it is not known).
    """
    content = file.read_bytes()

    async def work(database: Database, _: Settings) -> int:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            taken = await take_in(session, read_questions(content))
            await look_later(session)
            return taken

    taken = with_database(work)
    click.echo(f"{taken} golden questions. `frontdesk check` asks them.")


@golden.command("export")
@org_option
def send(*, org: str) -> None:
    """Print the questions as a table (CSV) that `import` takes."""

    async def work(database: Database, _: Settings) -> str:
        org_id = await organisation_id(database, org)
        async with database.transaction(org_id) as session:
            return as_table(await questions(session))

    click.echo(with_database(work), nl=False)
