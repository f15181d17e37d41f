"""What rewriting follow-ups is worth: the weighted history alone against the rewrites published with the sets.

`python -m bench.rewriting FOLDER…` prints, over the questions that follow others, recall@5, MRR, and how often the
evidence decides rightly whether to answer. The product asks for rewrites only of questions that lean on those before
them, and takes only what says what was said: also shown for rewrites of other questions, the worst that a model can do.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import msgspec

from app.answering.rewriting import faithful, leans
from app.cli.common import with_database
from app.conversations.asked import Turn
from app.kit.db import Database
from app.knowledge.evaluation_set import Asked, Corpus, load, read_set, remove, scratch_organisation
from app.knowledge.evidence import THRESHOLD, evidence
from app.knowledge.question import Query
from app.knowledge.search import search

DEPTH = 8


class Rewritten(msgspec.Struct):
    id: str
    rewrite_llm: str = ""


def main() -> None:
    folders = [Path(name) for name in sys.argv[1:]]
    with_database(lambda database, _: _measure_all(database, folders))


async def _measure_all(database: Database, folders: Sequence[Path]) -> None:
    for folder in folders:
        (corpus,) = read_set(folder)
        lines = (folder / "queries.jsonl").read_bytes().splitlines()
        rewrites = {one.id: one.rewrite_llm for one in map(_rewritten, lines) if one.rewrite_llm}
        org_id = await scratch_organisation(database)
        try:
            await load(database, org_id, corpus, lambda *_: None)
            print(folder.name, end=": ")
            await _measure(database, org_id, corpus, rewrites)
        finally:
            await remove(database, org_id)


def _rewritten(line: bytes) -> Rewritten:
    return msgspec.json.decode(line, type=Rewritten)


async def _measure(database: Database, org_id: UUID, corpus: Corpus, rewrites: Mapping[str, str]) -> None:
    follow_ups = [asked for asked in corpus.queries if asked.history and asked.id in rewrites]
    others = [rewrites[asked.id] for asked in follow_ups[7:] + follow_ups[:7]]
    ways = {
        "weighted history": [asked.query() for asked in follow_ups],
        "rewrite alone": [Query(rewrites[asked.id]) for asked in follow_ups],
        "rewrite and history": [replace(asked.query(), text=rewrites[asked.id]) for asked in follow_ups],
        "as the product does": [_product(asked, rewrites[asked.id]) for asked in follow_ups],
        "with foreign rewrites": [
            _product(asked, other) for asked, other in zip(follow_ups, others, strict=True)
        ],
    }
    leaning = sum(leans(asked.text, _turns(asked)) for asked in follow_ups)
    print(f"{len(follow_ups)} questions that follow others, {leaning} of them lean on those")
    for name, queries in ways.items():
        figures = await _figures(database, org_id, corpus, follow_ups, queries)
        print(
            f"  {name:<22} recall@5 {figures[0]:.3f}  MRR {figures[1]:.3f}  decided rightly {figures[2]:.3f}"
        )


def _product(asked: Asked, text: str) -> Query:
    history = _turns(asked)
    taken = leans(asked.text, history) and faithful(text, asked.text, history)
    return replace(asked.query(), text=text) if taken else asked.query()


def _turns(asked: Asked) -> list[Turn]:
    return [Turn("user" if turn.role == "user" else "assistant", turn.text) for turn in asked.history]


async def _figures(
    database: Database, org_id: UUID, corpus: Corpus, follow_ups: Sequence[Asked], queries: Sequence[Query]
) -> tuple[float, float, float]:
    recalls, ranks, right = [], [], {True: [0, 0], False: [0, 0]}
    for asked, query in zip(follow_ups, queries, strict=True):
        async with database.transaction(org_id) as session:
            passages = await search(session, query, limit=DEPTH)
        decided = evidence(asked.query(), passages).value >= THRESHOLD
        right[asked.answerable][0] += decided == asked.answerable
        right[asked.answerable][1] += 1
        relevant = corpus.relevant.get(asked.id, set())
        if relevant:
            found = [passage.document_name in relevant for passage in passages]
            recalls.append(sum(found[:5]) / len(relevant))
            ranks.append(next((1 / rank for rank, hit in enumerate(found, 1) if hit), 0.0))
    shares = [hits / every for hits, every in right.values() if every]
    return _mean(recalls), _mean(ranks), _mean(shares)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / max(len(numbers), 1)


if __name__ == "__main__":
    main()
