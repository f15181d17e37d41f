"""Why search has the constants that it has: each is varied alone, in memory, on every set at once.

    python -m bench.tune ../shared/eval/mtrag_govt ../shared/eval/mtrag_cloud ../shared/eval/hint3

It prints recall@1 / @5 / @10 and MRR for each value of each constant; a constant is worth changing when several sets
agree. The arithmetic is that of app/knowledge/search.py; its figures with the constants in use are those of
`frontdesk eval`.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.knowledge.evaluation_set import read_set
from app.knowledge.lines import (
    COMPARED,
    LEAST_LIKENESS,
    LOOKED_AT,
    WEIGHTS,
    Shown,
    Wording,
    beginning,
    look_closely,
)
from app.knowledge.question import (
    ANSWERED_WEIGHT,
    BACKGROUND,
    COMMON_SHARE,
    DENSE_WEIGHT,
    INSTEAD,
    PAIR_WEIGHT,
    SPELT_WEIGHT,
    TURN_WEIGHTS,
    Query,
    following,
    is_spelt,
)
from app.knowledge.search import CANDIDATES, SPARE
from bench.in_memory import Index, Scores, content
from ingest.embed import static_embedder
from ingest.lexical import HEADING_WEIGHT, K1, USUAL_LENGTH, B, lower

# How many passages are asked for: recall is told of as many.
FOUND = 10


@dataclass(frozen=True)
class Constants:
    """Those in use, by default."""

    k1: float = K1
    b: float = B
    usual_length: float = USUAL_LENGTH
    heading_weight: int = HEADING_WEIGHT
    turns: tuple[float, ...] = TURN_WEIGHTS
    answered: float = ANSWERED_WEIGHT
    quotes: bool = False
    pair_weight: float = PAIR_WEIGHT
    background: float = BACKGROUND
    common_share: float = COMMON_SHARE
    dense_weight: float = DENSE_WEIGHT
    spelt_weight: float = SPELT_WEIGHT
    instead: float = INSTEAD
    least_likeness: float = LEAST_LIKENESS
    candidates: int = CANDIDATES
    looked_at: int = LOOKED_AT
    compared: int = COMPARED
    lines: tuple[float, ...] = WEIGHTS


VARIED: dict[str, Sequence[object]] = {
    "k1": (1.2, 2.0),
    "b": (0.6, 0.9),
    "usual_length": (150, 300),
    "heading_weight": (0, 1, 3),
    "turns": ((1.0,), (1.0, 0.33, 0.33), (1.0, 0.25, 0.15), (1.0, 0.5, 0.3)),
    "answered": (0.0, 0.2, 0.5),
    "quotes": (True,),
    "pair_weight": (0.0, 0.2, 0.8),
    "background": (0, 1000),
    "common_share": (3e-4, 3e-3, 1.0),
    "dense_weight": (0.0, 0.2, 0.6, 1.0),
    "spelt_weight": (0.0, 0.1, 0.4),
    "instead": (0.0, 0.4, 0.8, 1.0),
    "least_likeness": (0.01, 0.3),
    "candidates": (30, 100, 200, 1000),
    "looked_at": (10, 20, 60, 120),
    "compared": (8, 20, 30),
    "lines": (
        (0.0,) * len(WEIGHTS),
        *(
            (*WEIGHTS[:at], value, *WEIGHTS[at + 1 :])
            for at, weight in enumerate(WEIGHTS)
            for value in (0.0, round(weight - 0.1, 1), round(weight + 0.1, 1))
        ),
    ),
}


@dataclass(frozen=True)
class Scored:
    """A question against every chunk."""

    lexical: Scores
    pairs: Scores
    dense: Scores
    wording: Wording
    spelt: bool


def score(index: Index, query: Query, use: Constants) -> Scored:
    lexical, pairs = np.zeros(len(index.entry)), np.zeros(len(index.entry))
    damping = use.k1 * (1 - use.b + use.b * index.lengths / use.usual_length)
    dense: dict[str, float] = defaultdict(float)
    begins: dict[str, float] = defaultdict(float)
    lines: list[list[tuple[str, float]]] = []
    for text, weight in zip((query.text, *reversed(query.history)), use.turns, strict=False):
        line: list[tuple[str, float]] = []
        for word, terms in content(text, index.language):
            share = max((index.share(term) for term in terms), default=0.0)
            dense[word] += weight * use.common_share / (use.common_share + share)
            instead = index.instead(lower(word), terms) if use.instead else ()
            found = [(term, weight * use.instead / len(instead)) for term in instead]
            found = found or [(term, weight) for term in terms]
            idf = sum(each * index.idf(term, use.background) for term, each in found)
            for one in (begun := instead or beginning(lower(word), terms)):
                begins[one] += idf / len(begun)
            line += found
        lines.append(line)
        for term, each in line:
            add(lexical, index.terms.get(term), each * index.idf(term, use.background), damping, use.k1)
        for (first, each), (second, _) in pairwise(line):
            idf = index.idf(first, use.background) + index.idf(second, use.background)
            idf = min(idf, index.idf("", use.background))
            add(pairs, index.pairs.get(f"{first} {second}"), each * use.pair_weight * idf, damping, use.k1)
    meaning = following(query.answered, static_embedder().embed_words(dense), use.answered)
    likeness = (index.dense @ meaning).astype(float)
    wording = Wording(index.language, begins, frozenset(term for term, _ in lines[0]), meaning)
    return Scored(lexical, pairs, likeness, wording, is_spelt(dense))


def add(
    scores: Scores, found: tuple[NDArray[np.int64], Scores] | None, weight: float, damping: Scores, k1: float
) -> None:
    if found is not None:
        rows, times = found
        scores[rows] += weight * times * (k1 + 1) / (times + damping[rows])


def rank(index: Index, scored: Scored, use: Constants) -> NDArray[np.int64]:
    """The best chunks, best first."""
    weight = use.spelt_weight if scored.spelt else use.dense_weight
    dense = weight * np.maximum(scored.dense, 0) / max(scored.dense.max(), use.least_likeness)
    first = scored.lexical / max(scored.lexical.max(), 1e-9) + dense
    best = np.argsort(-first, kind="stable")[: use.candidates]
    worded = scored.lexical[best] + scored.pairs[best]
    second = worded / max(worded.max(), 1e-9) + dense[best]
    order = np.argsort(-second, kind="stable")[: max(use.looked_at, FOUND + SPARE)]
    looked = best[order[: use.looked_at]]
    third = second[order]
    shown = [Shown(index.texts[row], index.titles[row], index.entry[row]) for row in looked]
    found = look_closely(scored.wording, shown, third[: len(looked)], use.lines, use.compared)
    third[: len(looked)] += found @ use.lines
    return best[order[np.argsort(-third, kind="stable")]]


def answers(index: Index, query: Query, use: Constants) -> NDArray[np.int64]:
    """The best chunks for a question. With `quotes` it follows the best one for the question before it, as if that had
    been quoted, instead of what somebody has written.
    """
    if use.quotes and query.history:
        before = Query(query.history[-1], query.history[:-1])
        [best, *_] = rank(index, score(index, before, use), use)
        query = replace(query, answered=index.texts[best])
    return rank(index, score(index, query, use), use)


def figures(indexes: Sequence[Index], use: Constants) -> list[float]:
    """Recall@1, @5, @10 and MRR over the questions of all corpora of a set."""
    rows = []
    for index in indexes:
        index.weigh_headings(use.heading_weight)
        for asked in index.corpus.queries:
            relevant = index.corpus.relevant.get(asked.id)
            if relevant:
                order = answers(index, asked.query(), use)
                names = list(dict.fromkeys(index.entry[row] for row in order))[:FOUND]
                rows.append(measure([name in relevant for name in names], len(relevant)))
    return [float(mean) for mean in np.mean(rows, axis=0)]


def measure(hits: Sequence[bool], relevant: int) -> tuple[float, ...]:
    first = next((1 / place for place, hit in enumerate(hits, 1) if hit), 0.0)
    return (*(sum(hits[:cut]) / relevant for cut in (1, 5, 10)), first)


def vary(sets: Mapping[str, Sequence[Index]]) -> None:
    show("in use", sets, Constants())
    for name, values in VARIED.items():
        for value in values:
            show(f"{name} = {value}", sets, replace(Constants(), **{name: value}))  # type: ignore[arg-type]


def show(label: str, sets: Mapping[str, Sequence[Index]], use: Constants) -> None:
    cells = (" ".join(f"{figure:.3f}" for figure in figures(indexes, use)) for indexes in sets.values())
    print(f"{label:34} | " + " | ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    given = parser.parse_args()
    sets = {path.name: [Index.of(corpus) for corpus in read_set(path)] for path in given.sets}
    vary(sets)


if __name__ == "__main__":
    main()
