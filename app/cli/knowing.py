"""`frontdesk ingest` and `frontdesk eval`: adding documents, and measuring how well they are found."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from app.cli.common import json_option, org_option, organisation_id, with_database
from app.cli.reading import Reading, read_address
from app.config import Settings
from app.kit.db import Database
from app.kit.errors import Problem
from app.knowledge.documents import document_with_content, put_document
from app.knowledge.embedders import connect_models
from app.knowledge.evaluate import evaluate as evaluate_folder
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.knowledge.sources import Kind


@dataclass(frozen=True)
class Wanted:
    """A file, and the name of the document that it becomes."""

    given: str
    name: str
    file: Path


@click.command()
@click.argument("what", metavar="PATH|URL...", nargs=-1, required=True)
@click.option(
    "--site", "kind", flag_value="site", help="Read each address with the pages below it, by their links."
)
@click.option(
    "--sitemap", "kind", flag_value="sitemap", help="Read all pages that the sitemap at each address lists."
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Read these addresses though they are of this machine or its network, now and at each later fetch.",
)
@org_option
@json_option
def ingest(*, what: tuple[str, ...], kind: Kind | None, allow_private: bool, org: str, as_json: bool) -> None:
    """Add documents, from files, whole folders and websites, and index them now.

    A document of the same name is replaced. An address becomes a source of the console: one page, or with --site or
    --sitemap all that belongs to it; the same address again fetches what has changed. Exits 1 if something could not
    be read; the rest is in.
    """
    files = [each for given in what if "://" not in given for each in _wanted(given)]
    addresses = [given for given in what if "://" in given]
    if not files and not addresses:
        raise click.ClickException("There is no file in there.")

    async def work(database: Database, settings: Settings) -> list[dict[str, Any]]:
        org_id = await organisation_id(database, org)
        models = connect_models(settings)
        reading = Reading(database, org_id, settings, models, kind or "page", private=allow_private)
        try:
            with _progress() as progress:
                rows = await _files(reading, files, progress)
                for address in addresses:
                    rows += await _address(reading, address, progress)
        finally:
            await models.close()
        return rows

    _tell(with_database(work), as_json=as_json)


async def _files(reading: Reading, files: Sequence[Wanted], progress: Progress) -> list[dict[str, Any]]:
    bar = progress.add_task("Indexing", total=len(files), visible=bool(files))
    rows = []
    for each in files:
        try:
            rows.append(await _add(reading, each))
        except Problem as problem:
            rows.append(_row(each.given, "failed", problem.detail, None))
        progress.advance(bar)
    return rows


async def _address(reading: Reading, address: str, progress: Progress) -> list[dict[str, Any]]:
    bar = progress.add_task(address, total=None)
    try:
        return await read_address(
            reading, address, lambda done, total: progress.update(bar, completed=done, total=total or None)
        )
    except Problem as problem:
        return [_row(address, "failed", problem.detail, None)]


def _wanted(given: str) -> Iterable[Wanted]:
    path = Path(given)
    if path.is_dir():
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


async def _add(reading: Reading, wanted: Wanted) -> dict[str, Any]:
    content = await asyncio.to_thread(wanted.file.read_bytes)
    limit = reading.settings.upload_limit
    async with reading.database.transaction(reading.org_id) as session:
        known = await document_with_content(session, content)
        document = await put_document(session, name=wanted.name, content=content, added_by=None, limit=limit)
        version = await latest_version(session, document.id)
    await index_version(reading.database, reading.org_id, version.id, reading.models)
    async with reading.database.transaction(reading.org_id) as session:
        version = await latest_version(session, document.id)
    same = document.name if known is not None and document.name != wanted.name else None
    return {**_row(wanted.given, version.state, version.failure_message, version.chunks), "same_as": same}


def _row(file: str, state: str, failure: str | None, chunks: int | None) -> dict[str, Any]:
    return {"file": file, "state": state, "failure": failure, "chunks": chunks}


def _tell(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(rows))
    else:
        for row in rows:
            said = f"{row['chunks']} chunks" if row["state"] == "ready" else row["failure"]
            if row.get("same_as"):
                said = f"the same as {row['same_as']}, which is there already"
            click.echo(f"{row['state']:<7} {row['file']}: {said}")
    if not any(row["state"] == "ready" for row in rows) or any(row["state"] == "failed" for row in rows):
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
