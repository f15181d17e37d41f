"""Asking all golden questions again, as visitors would, and keeping what came of it.

A run may be taken up by another worker: what it has asked already is not asked again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering import prompt
from app.answering.assistant import assistant_of
from app.answering.budget import purse_of
from app.answering.llm import Model
from app.answering.steps import Done, Why
from app.answering.turn import Desk, answer
from app.config import Settings
from app.kit.clock import now
from app.kit.db import Database, scope
from app.kit.jobs import enqueue
from app.knowledge.embedders import Models
from app.knowledge.queries import published_head
from app.quality.judging import Cited, cited, faults
from app.quality.models import GoldenQuestion, GoldenResult, GoldenRun
from app.quality.questions import QuestionUnfit, count, questions
from app.realtime import topics
from app.realtime.bus import signal
from app.tenancy.organisations import organisation_name

JOB = "quality.replay"
# Runs before the latest so many are forgotten.
KEPT = 50


@dataclass(frozen=True)
class Replayed:
    """What one question got."""

    question: GoldenQuestion
    done: Done
    why: Why
    milliseconds: int
    sources: list[Cited] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return faults(self.question, self.done, self.sources, self.why.failure)


async def desk_of(
    database: Database, settings: Settings, org_id: UUID, model: Model | None, models: Models
) -> Desk:
    """Who answers golden questions. Only the organisation pays."""
    async with database.transaction(org_id) as session:
        purse = await purse_of(session, database, settings)
        assistant = await assistant_of(session, None)
        return Desk(database, org_id, await organisation_name(session), model, purse, models, assistant)


async def made_of(session: AsyncSession, settings: Settings) -> dict[str, str]:
    """What answers are made of now. Each value differs once that has changed."""
    assistant = await assistant_of(session, None)
    return {
        "model": (assistant.model or settings.openai_model) if settings.has_model else "none",
        "prompt": prompt.version(assistant),
        "knowledge": await published_head(session),
    }


async def begin(session: AsyncSession, settings: Settings, *causes: str) -> GoldenRun:
    """A run of all questions, not yet asked. Raises QuestionUnfit where there are none."""
    asked = await count(session)
    if not asked:
        raise QuestionUnfit(
            "There are no golden questions yet. Write one, or bring some with `golden import`."
        )
    run = GoldenRun(
        org_id=scope(session), causes=list(causes), made_of=await made_of(session, settings), asked=asked
    )
    session.add(run)
    await session.flush()
    await _forget(session)
    signal(session, topics.knowledge(scope(session)))
    return run


async def begin_job(session: AsyncSession, settings: Settings, *causes: str) -> GoldenRun:
    """The same, to be carried out by a worker."""
    run = await begin(session, settings, *causes)
    await enqueue(session, JOB, {"run": str(run.id)})
    return run


async def _forget(session: AsyncSession) -> None:
    latest = (
        select(GoldenRun.id)
        .where(GoldenRun.org_id == scope(session))
        .order_by(GoldenRun.started_at.desc())
        .limit(KEPT)
    )
    old = (GoldenRun.org_id == scope(session)) & GoldenRun.id.not_in(latest)
    await session.execute(delete(GoldenRun).where(old))


async def replay(desk: Desk, run_id: UUID) -> AsyncGenerator[Replayed]:
    """Asks what the run has not asked yet, one question after another; what each got is kept before it is told of."""
    async with desk.database.transaction(desk.org_id) as session:
        left = await _left(session, run_id)
    for question in left:
        replayed = await _ask(desk, question)
        async with desk.database.transaction(desk.org_id) as session:
            await _keep(session, run_id, replayed)
        yield replayed
    async with desk.database.transaction(desk.org_id) as session:
        await end(session, run_id, "done")


async def _left(session: AsyncSession, run_id: UUID) -> Sequence[GoldenQuestion]:
    asked = select(GoldenResult.question_id).where(
        GoldenResult.org_id == scope(session), GoldenResult.run_id == run_id
    )
    known = set((await session.scalars(asked)).all())
    return [question for question in await questions(session) if question.id not in known]


async def _ask(desk: Desk, question: GoldenQuestion) -> Replayed:
    began, why = monotonic(), Why()
    async with aclosing(answer(desk, question.question, (), why)) as steps:
        done = [step async for step in steps][-1]
    assert isinstance(done, Done)
    return Replayed(question, done, why, round((monotonic() - began) * 1000), cited(done, why))


async def _keep(session: AsyncSession, run_id: UUID, replayed: Replayed) -> None:
    row = {
        "run_id": run_id,
        "question_id": replayed.question.id,
        "org_id": scope(session),
        "question": replayed.question.question,
        "faults": replayed.faults,
        "answer": replayed.done.text,
        "sources": [source.name for source in replayed.sources],
        "milliseconds": replayed.milliseconds,
    }
    await session.execute(insert(GoldenResult).values(row).on_conflict_do_nothing())
    signal(session, topics.knowledge(scope(session)))


async def end(session: AsyncSession, run_id: UUID, state: str) -> None:
    """The run is done, or broken: nobody goes on with it."""
    mine = (GoldenRun.org_id == scope(session)) & (GoldenRun.id == run_id)
    ended = {"state": state, "ended_at": now()}
    await session.execute(update(GoldenRun).where(mine, GoldenRun.state == "running").values(ended))
    signal(session, topics.knowledge(scope(session)))


async def carry_out(desk: Desk, run_id: UUID) -> None:
    """All of a run, for a worker."""
    async with aclosing(replay(desk, run_id)) as asked:
        async for _ in asked:
            pass


async def head(session: AsyncSession) -> object:
    """A value that differs once a run has begun, gone on or ended."""
    runs = select(func.count(), func.max(GoldenRun.ended_at)).where(GoldenRun.org_id == scope(session))
    results = select(func.count()).where(GoldenResult.org_id == scope(session))
    return (*(await session.execute(runs)).one(), await session.scalar(results))
