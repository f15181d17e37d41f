"""Questions of the evaluation sets with what the search found for them, as the evidence sees it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from app.answering.steps import Done, Why
from app.answering.turn import Desk, answer
from app.conversations.asked import Turn
from app.kit.db import Database
from app.knowledge.evaluation_set import Asked, Corpus, load, read_set, remove, scratch_organisation
from app.knowledge.evidence import COEFFICIENTS, Evidence, Kind, evidence
from app.knowledge.search import search
from bench.fitting import Flags, Scores, fit, unseen
from bench.quotes import quotes

# Asked once with their paragraph and once without.
LANGUAGES = "xquad"
# Of those every so many.
EVERY = 4
DEPTH = 50


@dataclass(frozen=True)
class Row:
    """A question and what became of it. `group`: what may not be on both sides of a cross-validation."""

    of: str
    group: str
    answerable: bool
    evidence: Evidence
    quotes: Sequence[bool] = ()
    first_token_ms: int | None = None


async def judge_set(database: Database, folder: Path) -> list[Row]:
    rows: list[Row] = []
    for corpus in read_set(folder):
        org_id = await scratch_organisation(database)
        try:
            await load(database, org_id, corpus, lambda *_: None)
            judging = _with_and_without if folder.name == LANGUAGES else _as_asked
            rows += [row async for row in judging(database, org_id, folder.name, corpus)]
        finally:
            await remove(database, org_id)
    return rows


async def _as_asked(database: Database, org_id: UUID, of: str, corpus: Corpus) -> AsyncIterator[Row]:
    desk = Desk(database, org_id, "Evaluation")
    for asked in corpus.queries:
        async with database.transaction(org_id) as session:
            found = await search(session, asked.query(), limit=DEPTH)
        done, why = await _turn(desk, asked)
        yield Row(
            of,
            asked.conversation or asked.id,
            asked.answerable,
            evidence(asked.query(), found),
            list(quotes(done)),
            why.timings["first_token"] if done.outcome == "answered" else None,
        )


async def _turn(desk: Desk, asked: Asked) -> tuple[Done, Why]:
    history = [Turn("user" if turn.role == "user" else "assistant", turn.text) for turn in asked.history]
    why = Why()
    async with aclosing(answer(desk, asked.text, history, why)) as steps:
        done = [step async for step in steps][-1]
    assert isinstance(done, Done)
    return done, why


async def _with_and_without(database: Database, org_id: UUID, _: str, corpus: Corpus) -> AsyncIterator[Row]:
    for asked in corpus.queries[::EVERY]:
        async with database.transaction(org_id) as session:
            found = await search(session, asked.query(), limit=DEPTH)
        relevant = corpus.relevant[asked.id]
        others = [passage for passage in found if passage.document_name not in relevant]
        for answerable, passages in ((True, found), (False, others)):
            yield Row(corpus.name, corpus.name, answerable, evidence(asked.query(), passages))


class Table:
    """Rows of one kind, as columns."""

    def __init__(self, rows: Sequence[Row], kind: Kind) -> None:
        self.rows = [row for row in rows if row.evidence.kind == kind and row.evidence.features]
        self.names = [name for name in COEFFICIENTS[kind] if name != "offset"]
        columns = [[row.evidence.features[name] for name in self.names] for row in self.rows]
        self.features: Scores = np.array(columns, float)
        self.truth: Flags = np.array([row.answerable for row in self.rows])

    def weigh(self, chosen: Flags) -> Scores:
        """Each set, and in it each kind of question, weighs the same."""
        kinds = [f"{row.of} {row.answerable}" for row, taken in zip(self.rows, chosen, strict=True) if taken]
        share = {kind: 1 / kinds.count(kind) for kind in set(kinds)}
        return np.array([share[kind] for kind in kinds])

    def unseen(self, *, parts: int = 5) -> dict[int, float]:
        """How likely each row (by identity) is, by models that did not see its group."""
        groups = [row.group for row in self.rows]
        made = unseen(self.features, self.truth, groups, self.weigh, parts=parts)
        return {id(row): float(value) for row, value in zip(self.rows, made, strict=True)}

    def coefficients(self) -> dict[str, float]:
        found = fit(self.features, self.truth, self.weigh(np.ones(len(self.rows), bool)))
        return dict(zip([*self.names, "offset"], (float(each) for each in found), strict=True))


def totals(table: Table, coefficients: Mapping[str, float]) -> Scores:
    made: Scores = table.features @ np.array([coefficients[name] for name in table.names])
    return made + coefficients["offset"]
