"""What got better and what got worse from one run to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import scope
from app.kit.errors import NotFound
from app.quality.models import GoldenResult, GoldenRun

Change = Literal["worse", "better", "new", "same"]
# What got worse comes first, then what got better; all others are of one rank.
FIRST: Sequence[Change] = ("worse", "better")


class RunUnknown(NotFound):
    """There is no such run; the oldest are forgotten."""

    code = "golden_run_unknown"
    title = "Unknown run"


@dataclass(frozen=True)
class Compared:
    """A result beside that of the run before. `change` is about passing alone."""

    now: GoldenResult
    before: GoldenResult | None

    @property
    def passed(self) -> bool:
        return not self.now.faults

    @property
    def change(self) -> Change:
        if self.before is None:
            return "new"
        was = not self.before.faults
        return "same" if was == self.passed else "better" if self.passed else "worse"


@dataclass(frozen=True)
class Report:
    """A run, what its questions got, and the run that it is compared with, if there is one."""

    run: GoldenRun
    results: Sequence[Compared]
    against: GoldenRun | None

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results)

    def changed(self, change: Change) -> int:
        return sum(result.change == change for result in self.results)


async def report(session: AsyncSession, run_id: UUID) -> Report:
    """What got worse, what got better, then what fails and what passes. Raises RunUnknown."""
    run = await session.scalar(_runs(session).where(GoldenRun.id == run_id))
    if run is None:
        raise RunUnknown
    earlier = _runs(session).where(GoldenRun.state == "done", GoldenRun.started_at < run.started_at).limit(1)
    against = await session.scalar(earlier)
    before = {result.question_id: result for result in await _results(session, against)} if against else {}
    found = [Compared(result, before.get(result.question_id)) for result in await _results(session, run)]
    found.sort(key=lambda one: ([one.change != change for change in FIRST], one.passed))
    return Report(run, found, against)


async def latest(session: AsyncSession) -> GoldenRun | None:
    return await session.scalar(_runs(session).limit(1))


async def runs(session: AsyncSession, limit: int = 20) -> list[tuple[GoldenRun, int]]:
    """The latest runs, the newest first, each with how many questions passed."""
    passed = (
        select(func.count())
        .where(GoldenResult.run_id == GoldenRun.id, GoldenResult.org_id == scope(session))
        .where(func.cardinality(GoldenResult.faults) == 0)
        .scalar_subquery()
    )
    rows = await session.execute(_runs(session).add_columns(passed).limit(limit))
    return [(row[0], row[1]) for row in rows]


def _runs(session: AsyncSession) -> Select[GoldenRun]:
    """The newest first."""
    mine = GoldenRun.org_id == scope(session)
    return select(GoldenRun).where(mine).order_by(GoldenRun.started_at.desc())


async def _results(session: AsyncSession, run: GoldenRun) -> Sequence[GoldenResult]:
    query = select(GoldenResult).where(GoldenResult.org_id == scope(session), GoldenResult.run_id == run.id)
    return (await session.scalars(query.order_by(GoldenResult.question_id))).all()
