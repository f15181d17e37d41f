"""`frontdesk ingest` and `frontdesk eval`: adding documents, and measuring how well they are found."""

import asyncio
from collections.abc import Iterable
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
from app.knowledge.queries import latest_version


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@org_option
@json_option
def ingest(*, paths: tuple[Path, ...], org: str, as_json: bool) -> None:
    """Add the documents in PATHS, files or whole folders, and index them now.

    Exits 1 if one of them could not be read; the others are in.
    """
    files = list(_files(paths))
    if not files:
        raise click.ClickException("There is no file in there.")

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        org_id = await organisation_id(database, org)
        rows = []
        with _progress() as progress:
            bar = progress.add_task("Indexing", total=len(files))
            for file in files:
                rows.append(await _add(database, org_id, file, settings.upload_limit))
                progress.advance(bar)
        return rows

    rows = with_database(work)
    if as_json:
        click.echo(msgspec.json.encode(rows))
    else:
        for row in rows:
            said = f"{row['chunks']} chunks" if row["state"] == "ready" else row["failure"]
            click.echo(f"{row['state']:<7} {row['file']}: {said}")
    if any(row["state"] != "ready" for row in rows):
        raise SystemExit(1)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")
            )
        else:
            yield path


async def _add(database: Database, org_id: UUID, file: Path, limit: int) -> dict[str, Any]:
    try:
        async with database.transaction(org_id) as session:
            document = await put_document(
                session,
                name=file.name,
                content=await asyncio.to_thread(file.read_bytes),
                added_by=None,
                limit=limit,
            )
            version = await latest_version(session, document.id)
    except Problem as problem:
        return {"file": str(file), "state": "failed", "failure": problem.detail, "chunks": None}
    await index_version(database, org_id, version.id)
    async with database.transaction(org_id) as session:
        version = await latest_version(session, document.id)
    return {
        "file": str(file),
        "state": version.state,
        "failure": version.failure_message,
        "chunks": version.chunks,
    }


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
