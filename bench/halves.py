"""Whether fused search is worth more than either of its halves: recall@5 of meaning alone, words alone and both.

    python -m bench.halves ../shared/eval/xquad ../shared/eval/hint3

Each corpus of a set (xquad's languages, hint3's bots) is asked by itself, through the statement and the closer look
that visitors get. Words alone have no vector; for meaning alone it counts a million times what words do.
`both - better` is the difference to the better half, in questions: one is noise.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np

from app.cli.common import with_database
from app.kit.db import Database
from app.knowledge.evaluate import DEPTH, Figures, ranks
from app.knowledge.evaluation_set import Corpus, load, read_set, remove, scratch_organisation
from app.knowledge.preparing import prepare
from app.knowledge.question import Query, Question
from app.knowledge.search import Passage, search_by

CUT = 5
ALONE = 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    folders = parser.parse_args().sets
    print(f"{f'recall@{CUT}':24} meaning  words   both  both - better")
    with_database(lambda database, _: measure_all(database, folders))


async def measure_all(database: Database, folders: Sequence[Path]) -> None:
    for folder in folders:
        for corpus in read_set(folder):
            show(f"{folder.name} {corpus.name}", await measure(database, corpus))


async def measure(database: Database, corpus: Corpus) -> dict[str, Figures]:
    org_id = await scratch_organisation(database)
    figures = {way: Figures() for way in ("meaning", "words", "both")}
    try:
        await load(database, org_id, corpus, lambda *_: None)
        for asked in corpus.queries:
            if relevant := corpus.relevant.get(asked.id):
                for way, passages in (await found(database, org_id, asked.query())).items():
                    figures[way].found.append(ranks(passages, relevant))
    finally:
        await remove(database, org_id)
    return figures


async def found(database: Database, org_id: UUID, query: Query) -> dict[str, list[Passage]]:
    async with database.transaction(org_id) as session:
        question, _ = await prepare(session, query)
        return {way: await search_by(session, one, None, DEPTH) for way, one in ways(question).items()}


def ways(question: Question) -> dict[str, Question]:
    nothing = np.zeros_like(question.dense)
    words = replace(question, dense=nothing, wording=replace(question.wording, meaning=nothing))
    return {"meaning": replace(question, dense_weight=ALONE), "words": words, "both": question}


def show(label: str, figures: dict[str, Figures]) -> None:
    meaning, words, both = (figures[way].recall(CUT) for way in ("meaning", "words", "both"))
    questions = (both - max(meaning, words)) * len(figures["both"].found)
    print(f"{label:24} {meaning:7.3f} {words:6.3f} {both:6.3f} {questions:+14.1f}", flush=True)


if __name__ == "__main__":
    main()
