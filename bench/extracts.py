"""Why quoted answers have the constants that they have: each is varied alone, on what search finds for real questions.

    python -m bench.extracts ../shared/eval/mtrag_govt ../shared/eval/mtrag_cloud ../shared/eval/aws_docs
    python -m bench.extracts ../shared/eval/xquad    # answers of a few words: does the quote hold them?

Each question that the set has an answer to is answered by quotes, whether or not the evidence is enough. It prints how
much of the set's own answer they say and how much of them that answer says, as F1 of their stems (their harmonic mean,
0..1), the share of the answers that are held word for word, and how long the quotes are, in characters.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from types import ModuleType

from app.answering import extractive, scoring
from app.answering.language import language_of
from app.answering.searching import Looked, asked_before, look
from app.answering.steps import Done, Why
from app.answering.writing import quoted
from app.cli.common import with_database
from app.config import Settings
from app.conversations.asked import Turn
from app.kit.db import Database
from app.knowledge.embedders import Models
from app.knowledge.evaluation_set import Asked, load, read_set, remove, scratch_organisation
from bench.quotes import MARK
from bench.support import answered
from ingest.lexical import stems, words

VARIED: dict[tuple[ModuleType, str], Sequence[float]] = {
    (scoring, "WORTH"): (0.0, 1.0, 4.0),
    (scoring, "RARE_HERE"): (0.0, 1.0),
    (scoring, "RARE_AT_ALL"): (0.0, 1.0),
    (scoring, "LEXICAL"): (0.4, 1.0),
    (scoring, "CONTEXT"): (0.4, 1.2),
    (extractive, "CLOSE"): (0.6, 0.8),
    (extractive, "ELSEWHERE"): (0.85, 1.1),
    (extractive, "FULL_ANSWER"): (0.5, 0.9),
}
# Of a set with as many questions as xquad, every so many of each language.
MOST = 200


@dataclass(frozen=True)
class Case:
    """A question with what was found for it, and what the set answers."""

    question: str
    history: Sequence[Turn]
    language: str
    looked: Looked
    answer: str

    async def measure(self) -> tuple[float, float, float]:
        async with aclosing(quoted(self.question, self.history, self.looked, self.language, Why())) as steps:
            done = [step async for step in steps][-1]
        assert isinstance(done, Done)
        said = MARK.sub("", done.text) if done.outcome == "answered" else ""
        ours, theirs = (Counter(stems(text, self.language)) for text in (said, self.answer))
        f1 = 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)
        return f1, float(_plain(self.answer) in _plain(said)), float(len(said))


def _plain(text: str) -> str:
    return f" {' '.join(words(text))} "


async def cases(database: Database, folder: Path) -> dict[str, list[Case]]:
    known = {one.id: one.answer for one in answered(folder)}
    found: dict[str, list[Case]] = defaultdict(list)
    for corpus in read_set(folder):
        org_id = await scratch_organisation(database)
        try:
            await load(database, org_id, corpus, lambda *_: None)
            asked = [one for one in corpus.queries if one.id in known and one.answerable]
            for one in asked[:: -(-len(asked) // MOST) or 1]:
                looked = await look(database, Models(), org_id, one.query())
                found[corpus.name or folder.name].append(_case(one, looked, known[one.id]))
        finally:
            await remove(database, org_id)
    return found


def _case(asked: Asked, looked: Looked, answer: str) -> Case:
    history = [Turn("user" if turn.role == "user" else "assistant", turn.text) for turn in asked.history]
    before = language_of(" ".join(asked_before(history)), default="en")
    return Case(asked.text, history, language_of(asked.text, default=before), looked, answer)


async def show(label: str, found: dict[str, list[Case]]) -> None:
    print(label)
    for name, these in found.items():
        measured = [await case.measure() for case in these]
        f1, held, long = (fmean(column) for column in zip(*measured, strict=True))
        print(
            f"  {name:12} {len(these):4} questions: F1 {f1:.4f}, held {held:.3f}, {long:.0f} characters",
            flush=True,
        )


async def main(database: Database, _: Settings, sets: Sequence[Path]) -> None:
    found: dict[str, list[Case]] = {}
    for folder in sets:
        found |= await cases(database, folder)
    await show("in use", found)
    for (module, name), values in VARIED.items():
        in_use = getattr(module, name)
        for value in values:
            setattr(module, name, value)
            await show(f"{name} = {value} (in use: {in_use})", found)
        setattr(module, name, in_use)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    options = parser.parse_args()
    with_database(lambda database, settings: main(database, settings, options.sets))
