"""`frontdesk ask` and `frontdesk search`: what a visitor would get, in the terminal."""

from contextlib import aclosing
from typing import Any
from uuid import UUID

import click
import msgspec

from app.answering.assistant import assistant_of
from app.answering.budget import purse_of
from app.answering.llm import connect
from app.answering.steps import Done, Reading, Text, Why
from app.answering.turn import Desk, answer
from app.cli.common import json_option, org_option, organisation_id, print_table, with_database
from app.config import Settings
from app.conversations.asked import Turn
from app.kit.db import Database
from app.knowledge.embedders import connect_models
from app.knowledge.search import Passage, Query
from app.knowledge.trial import SearchedWord, Trial, try_question
from app.tenancy.organisations import organisation_name, site_of_key


@click.command()
@click.argument("question")
@click.option(
    "--after", "earlier", multiple=True, help="An earlier question that this one follows. May be repeated."
)
@click.option(
    "--explain", is_flag=True, help="Also show passages found, evidence, prompt, tokens, cost and timings."
)
@click.option("--site", "site_key", help="By the assistant's settings for the site with this key.")
@org_option
@json_option
def ask(
    *,
    question: str,
    earlier: tuple[str, ...],
    explain: bool,
    site_key: str | None,
    org: str,
    as_json: bool,
) -> None:
    """Ask QUESTION and stream the cited answer that a visitor would get.

    With OPENAI_API_KEY or OPENAI_BASE_URL set, that model writes it; without, it is quoted from the documents.
    """
    if not question.strip():
        raise click.UsageError('The question is empty. Ask something: frontdesk ask "How do I start?"')
    why = Why()

    async def work(database: Database, settings: Settings) -> Done:
        org_id = await organisation_id(database, org)
        desk = await _desk(database, org_id, settings, site_key)
        history = tuple(Turn("user", text) for text in earlier)
        return await _follow(desk, question, history, why, quiet=as_json)

    done = with_database(work)
    if as_json:
        click.echo(msgspec.json.encode(_as_json(done, why, explain=explain)))
    else:
        _tell(done, why, explain=explain)


async def _desk(database: Database, org_id: UUID, settings: Settings, site_key: str | None) -> Desk:
    async with database.transaction(org_id) as session:
        site_id = (await site_of_key(session, site_key)).id if site_key else None
        assistant = await assistant_of(session, site_id)
        purse = await purse_of(session, database, settings)
        name = await organisation_name(session)
        return Desk(database, org_id, name, connect(settings), purse, connect_models(settings), assistant)


async def _follow(desk: Desk, question: str, history: tuple[Turn, ...], why: Why, *, quiet: bool) -> Done:
    async with aclosing(answer(desk, question, history, why)) as steps:
        async for step in steps:
            if isinstance(step, Done):
                return step
            if isinstance(step, Text) and not quiet:
                click.echo(step.delta, nl=False)
            elif isinstance(step, Reading) and not quiet:
                click.secho(
                    f"reading {step.pages} {'page' if step.pages == 1 else 'pages'}", dim=True, err=True
                )
    raise click.ClickException("The answer ended without an end. Try again.")


def _tell(done: Done, why: Why, *, explain: bool) -> None:
    click.echo()
    for source in done.sources:
        where = ", ".join(part for part in (source.place, source.url) if part)
        click.secho(f"  [{source.n}] {source.title}{f', {where}' if where else ''}", dim=True)
    if done.state == "interrupted":
        raise click.ClickException("The answer was interrupted. Ask again, or run `frontdesk doctor`.")
    if explain:
        click.echo()
        for name, value in _explained(why).items():
            click.echo(f"{name}: {value}")
        if why.passages:
            print_table([_row(rank, passage) for rank, passage in enumerate(why.passages, 1)])
        for message in why.prompt:
            click.secho(f"\nsent to the model, as {message['role']}:", bold=True)
            click.echo(message["content"])


def _explained(why: Why) -> dict[str, Any]:
    return {
        "searched": why.search_query,
        "evidence": round(why.evidence.value, 3) if why.evidence else None,
        "decision": why.decision,
        "model": why.model,
        "prompt_version": why.prompt_version,
        "tokens_in": why.tokens_in,
        "tokens_out": why.tokens_out,
        "cost_micros": why.cost_micros,
        "failure": why.failure,
        "timings_ms": why.timings,
    }


def _as_json(done: Done, why: Why, *, explain: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "text": done.text,
        "outcome": done.outcome,
        "state": done.state,
        "sources": [source.view() for source in done.sources],
    }
    if explain:
        shown["why"] = {
            **_explained(why),
            "prompt": list(why.prompt),
            "passages": [
                _row(rank, passage) | {"text": passage.text} for rank, passage in enumerate(why.passages, 1)
            ],
        }
    return shown


@click.command()
@click.argument("question")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50), help="How many passages.")
@click.option("--explain", is_flag=True, help="Also show the evidence, what each word counts, and the time.")
@org_option
@json_option
def search(*, question: str, limit: int, explain: bool, org: str, as_json: bool) -> None:
    """Show the passages that QUESTION finds, best first, with what speaks for each."""

    async def work(database: Database, settings: Settings) -> Trial:
        org_id = await organisation_id(database, org)
        return await try_question(database, connect_models(settings), org_id, Query(question), limit=limit)

    trial = with_database(work)
    _show_found(trial.passages, as_json=as_json)
    if explain:
        _show_how(trial)


def _show_how(trial: Trial) -> None:
    """On standard error, so that scripts read the passages alone."""
    verdict = "enough" if trial.enough else "too little"
    click.echo(f"evidence {trial.evidence.value:.2f} of {trial.threshold:.2f}: {verdict} to answer", err=True)
    for note in trial.notes:
        click.echo(note, err=True)
    words = ", ".join(f"{word.text} {word.rarity:.1f} ({_stands(word)})" for word in trial.words)
    click.echo(f"words by what they count: {words or 'none'}", err=True)
    click.echo(
        f"{trial.chunks} passages, {trial.compared} one compared, {trial.milliseconds:.1f} ms", err=True
    )


def _stands(word: SearchedWord) -> str:
    instead = " and ".join(f"{stem}…" for stem in word.instead)
    return f"in {word.chunks}, read as {instead}" if instead else f"in {word.chunks}"


def _show_found(found: list[Passage], *, as_json: bool) -> None:
    if as_json:
        rows = [_row(rank, passage) | {"text": passage.text} for rank, passage in enumerate(found, 1)]
        click.echo(msgspec.json.encode(rows))
    elif found:
        print_table([_row(rank, passage) for rank, passage in enumerate(found, 1)])
    else:
        click.echo("Nothing found. `frontdesk ingest PATH` adds documents.")


def _row(rank: int, passage: Passage) -> dict[str, Any]:
    return {
        "rank": rank,
        "document": passage.document_name,
        "place": f"page {passage.page}" if passage.page else " › ".join(passage.headings),
        "score": round(passage.score, 4),
        "dense": round(passage.dense, 3),
        "lexical": round(passage.lexical, 2),
        "dense_rank": passage.dense_rank,
        "lexical_rank": passage.lexical_rank,
        "coverage": round(passage.coverage, 2),
        "also": ", ".join(one.document_name for one in passage.also) or None,
    }
