"""Whether a model that writes answers should also be given what stands around the passages that were found.

    python -m bench.neighbours ../shared/eval/aws_docs

For each way of filling the prompt it prints how much of the reference answers, in pairs of words that follow one
another, stands in what the model is given, and how many tokens that takes. Search is that of bench/tune.py, passages
are cut as documents are; sets of passages are not cut and say nothing.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from app.answering.prompt import PASSAGE_TOKENS
from app.answering.searching import PASSAGES
from app.answering.tokens import count
from app.knowledge.evaluation_set import read_set
from bench.in_memory import Index
from bench.tune import Constants, answers
from ingest.lexical import lower, raw_words

# Of how many of the passages, best first, and how many before and after each.
WIDER = ((1, 1, 1), (3, 0, 1), (3, 1, 1), (8, 0, 1), (8, 1, 1), (1, 3, 3))
MORE = (4, 12, 16)

Pairs = set[tuple[str, str]]


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        given = measured(path)
        questions = len(next(iter(given.values())))
        print(f"{path.name}, {questions} questions with an answer")
        for name, rows in given.items():
            share, tokens = (fmean(column) for column in zip(*rows, strict=True))
            print(f"  {name:36} {share:.3f} of the answer, {tokens:5.0f} tokens")


def measured(path: Path) -> dict[str, list[tuple[float, int]]]:
    """For each way, of each question: the share of its answer that is given, and the tokens."""
    reference = references(path)
    given: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for corpus in read_set(path):
        index, use = Index.of(corpus), Constants()
        index.weigh_headings(use.heading_weight)
        for asked in corpus.queries:
            said = reference.get(asked.id)
            if said and corpus.relevant.get(asked.id):
                found = [int(row) for row in answers(index, asked.query(), use)]
                for name, rows in ways(index, found):
                    given[name].append(share_of(said, index, rows))
    return given


def references(path: Path) -> dict[str, Pairs]:
    lines = map(json.loads, (path / "queries.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["id"]: pairs(line["answer"]) for line in lines if line.get("answer") and line["answerable"]}


def pairs(text: str) -> Pairs:
    return set(pairwise(lower(word) for word in raw_words(text)))


def ways(index: Index, found: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    yield f"{PASSAGES} passages (in use)", list(found[:PASSAGES])
    for most in MORE:
        yield f"{most} passages", list(found[:most])
    for wide, before, after in WIDER:
        rows = [
            near
            for place, row in enumerate(found[:PASSAGES])
            for near in (around(index, row, before, after) if place < wide else [row])
        ]
        yield f"first {wide} with {before} before, {after} after", list(dict.fromkeys(rows))


def around(index: Index, row: int, before: int, after: int) -> list[int]:
    near = range(max(row - before, 0), min(row + after + 1, len(index.entry)))
    return [one for one in near if index.entry[one] == index.entry[row]]


def share_of(said: Pairs, index: Index, rows: Sequence[int]) -> tuple[float, int]:
    """As much as the prompt has room for."""
    left, known = PASSAGE_TOKENS, Pairs()
    for row in rows:
        tokens = count(index.texts[row])
        if tokens <= left:
            left -= tokens
            known |= pairs(index.texts[row])
    return len(said & known) / len(said), PASSAGE_TOKENS - left


if __name__ == "__main__":
    main()
