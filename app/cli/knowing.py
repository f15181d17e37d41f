"""`frontdesk ingest` and `frontdesk eval`: adding documents, and measuring how well they are found."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from app.cli.common import json_option, org_option, organisation_id, with_database
from app.config import Settings
from app.kit.db import Database
from app.kit.errors import Problem
from app.knowledge.documents import put_document
from app.knowledge.evaluate import evaluate as evaluate_folder
from app.knowledge.indexing import index_version
from app.knowledge.pages import FetchedPage, fetch_page
from app.knowledge.queries import latest_version


@dataclass(frozen=True)
class Wanted:
    """A file, or the page behind an address, and the name of the document that it becomes."""

    given: str
    name: str
    file: Path | None = None


@click.command()
@click.argument("what", metavar="PATH|URL...", nargs=-1, required=True)
@click.option("--allow-private", is_flag=True, help="Also read pages of this machine and its network.")
@org_option
@json_option
def ingest(*, what: tuple[str, ...], allow_private: bool, org: str, as_json: bool) -> None:
    """Add documents, from files, whole folders and single web pages, and index them now.

    A document of the same name is replaced. Exits 1 if one of them could not be read; the others are in.
    """
    wanted = [each for given in what for each in _wanted(given)]
    if not wanted:
        raise click.ClickException("There is no file in there.")

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        org_id = await organisation_id(database, org)
        rows = []
        with _progress() as progress:
            bar = progress.add_task("Indexing", total=len(wanted))
            for each in wanted:
                try:
                    page = await _read(each, settings.upload_limit, allow_private=allow_private)
                    rows.append(await _add(database, org_id, each, page, settings.upload_limit))
                except Problem as problem:
                    rows.append(_row(each, "failed", problem.detail, None))
                progress.advance(bar)
        return rows

    _tell(with_database(work), as_json=as_json)


def _wanted(given: str) -> Iterable[Wanted]:
    path = Path(given)
    if "://" in given:
        yield Wanted(given, given)
    elif path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        yield from (
            Wanted(str(file), " › ".join(file.relative_to(path).parts), file) for file in sorted(files)
        )
    elif path.is_file():
        yield Wanted(given, path.name, path)
    else:
        raise click.BadParameter(
            f"{given} is neither a file, nor a folder, nor an address like https://example.org/."
        )


async def _read(wanted: Wanted, limit: int, *, allow_private: bool) -> FetchedPage:
    if wanted.file is None:
        return await fetch_page(wanted.given, limit=limit, allow_private=allow_private)
    return FetchedPage(wanted.name, "", await asyncio.to_thread(wanted.file.read_bytes))


async def _add(
    database: Database, org_id: UUID, wanted: Wanted, page: FetchedPage, limit: int
) -> dict[str, Any]:
    async with database.transaction(org_id) as session:
        document = await put_document(
            session, name=page.name, content=page.content, added_by=None, url=page.url or None, limit=limit
        )
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id)
    async with database.transaction(org_id) as session:
        version = await latest_version(session, document.id)
    return _row(wanted, version.state, version.failure_message, version.chunks)


def _row(wanted: Wanted, state: str, failure: str | None, chunks: int | None) -> dict[str, Any]:
    return {"file": wanted.given, "state": state, "failure": failure, "chunks": chunks}


def _tell(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(rows))
    else:
        for row in rows:
            said = f"{row['chunks']} chunks" if row["state"] == "ready" else row["failure"]
            click.echo(f"{row['state']:<7} {row['file']}: {said}")
    if any(row["state"] != "ready" for row in rows):
        raise SystemExit(1)


@click.command("eval")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def evaluate(*, directory: Path) -> None:
    """Measure retrieval on DIRECTORY: corpus.jsonl, queries.jsonl and qrels.tsv. Prints one JSON object.

    The documents go into an organisation of their own, which is removed afterwards; questions go through the same
    search that answers visitors.
    """

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        with _progress() as progress:
            bars: dict[str, TaskID] = {}

            def show(task: str, done: int, total: int) -> None:
                if task not in bars:
                    bars[task] = progress.add_task(task, total=total)
                progress.update(bars[task], completed=done, total=total)

            return await evaluate_folder(database, directory, progress=show)

    click.echo(msgspec.json.encode(with_database(work)))


def _progress() -> Progress:
    """On standard error, so that what a command prints can be read by a script."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
