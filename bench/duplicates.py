"""From how much in common two passages should be taken for one: ALIKE and LIKELY of app/knowledge/duplicates.py.

    python -m bench.duplicates ../shared/eval/mtrag_govt ../shared/eval/aws_docs

All pairs of the first fifty passages of each question are compared, each pair once. For each value of ALIKE it prints
how many pairs would be one; of those that hold a relevant passage, in how many both are relevant to the same question
(as copies should be) and in how many only one is (something else, or an assessor who saw one of them). For each value
of LIKELY, for how many pairs words would be looked at, and how many pairs that are one by ALIKE would be missed; at
last the same as it is in use, where fewer terms in common are enough of short passages.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from app.knowledge.duplicates import ALIKE, Seen, likely, shared
from app.knowledge.evaluation_set import read_set
from bench.in_memory import Index
from bench.tune import Constants, answers
from ingest.lexical import number

FIRST = 50
ALIKES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
LIKELIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


@dataclass
class Pair:
    """What two passages share of the samples of their terms, and of their pairs of words. `looked_at`: whether search
    compares their words. `relevant`: how many of the two are.
    """

    sample: float
    looked_at: bool
    alike: float
    same_figures: bool
    relevant: int = 0


def main() -> None:
    for name in sys.argv[1:]:
        pairs = [pair for corpus in read_set(Path(name)) for pair in pairs_of(Index.of(corpus))]
        print(f"{Path(name).name}: {len(pairs)} pairs of passages that were found together")
        show_alike([pair for pair in pairs if pair.same_figures])
        show_likely(pairs)


def pairs_of(index: Index) -> Iterator[Pair]:
    use = Constants(looked_at=FIRST)
    index.weigh_headings(use.heading_weight)
    known: dict[tuple[int, int], Pair] = {}
    seen: dict[int, Seen] = {}
    for asked in index.corpus.queries:
        relevant = index.corpus.relevant.get(asked.id, set())
        rows = sorted(int(row) for row in answers(index, asked.query(), use))
        seen.update((row, as_seen(index, row)) for row in rows if row not in seen)
        for one, other in combinations(rows, 2):
            pair = known.get((one, other)) or compared(seen[one], seen[other])
            known[one, other] = pair
            pair.relevant = max(pair.relevant, sum(index.entry[row] in relevant for row in (one, other)))
    yield from known.values()


def as_seen(index: Index, row: int) -> Seen:
    terms = {number(term) for term in (*index.inside[row], *index.above[row])}
    return Seen(index.texts[row], np.array(sorted(terms)))


def compared(one: Seen, other: Seen) -> Pair:
    return Pair(
        shared(frozenset(one.sample.tolist()), frozenset(other.sample.tolist())),
        likely([one.sample, other.sample])[0][1],
        shared(one.pairs, other.pairs),
        one.figures == other.figures,
    )


def show_alike(pairs: list[Pair]) -> None:
    for least in ALIKES:
        alike = [pair for pair in pairs if pair.alike >= least]
        both, one = (sum(pair.relevant == count for pair in alike) for count in (2, 1))
        used = " (in use)" if least == ALIKE else ""
        print(f"  ALIKE {least:4}: {len(alike):6} pairs, {both:4} both relevant, {one:4} only one{used}")


def show_likely(pairs: list[Pair]) -> None:
    for least in LIKELIES:
        _show_looked(f"LIKELY {least:3}", pairs, [pair.sample >= least for pair in pairs])
    _show_looked("in use    ", pairs, [pair.looked_at for pair in pairs])


def _show_looked(label: str, pairs: list[Pair], looked_at: list[bool]) -> None:
    passed_over = (pair for pair, looked in zip(pairs, looked_at, strict=True) if not looked)
    missed = sum(pair.alike >= ALIKE and pair.same_figures for pair in passed_over)
    print(f"  {label}: {sum(looked_at):7} pairs looked at, {missed:4} alike ones missed")


if __name__ == "__main__":
    main()
