"""The closest look at the passages found: whether a line of one says what was asked, and whether its title names it.

A passage is searched as a whole, and much of it may be about something else. Words are found by how they begin, as far
as they share that with their stem: cheap enough to look at every line of every candidate while a visitor waits.
Weights are what measured best on four sets at once (bench/tune.py); near them the figures hardly change.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from ingest.embed import Vectors, static_embedder
from ingest.lexical import IS_UNPARTED, stems

# How many passages are looked at so closely.
LOOKED_AT = 20
# The share of the question's words that stand in one line; how like the question the line is, against the line that is
# most like it; the share of the title that the question names; the logarithm of the passage's length.
WEIGHTS = (0.4, 0.4, 0.4, 0.3)

# Of each passage, those lines with the most of the question's words are compared by meaning, as far as they begin.
LINES, LINE_CHARS = 2, 400
# Where nothing is more like the question than this, the nearest is no good share of anything.
LEAST_LIKENESS = 0.2
WORD_CHARS, LONG_LOG = 6, 6.0
# Fewer common characters than this are not taken for the beginning of a word.
SHORTEST = 2
# Last letters of a stem that its other forms write differently: companies, company.
CHANGING = "iy"

# Lines whose vectors this process keeps, at about 1.5 KB each.
MOST_REMEMBERED = 10_000
_REMEMBERED: dict[str, Vectors] = {}

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as it is looked for in lines. `beginnings`: how each of its words begins, with the word's weight;
    `newest`: the terms of the turn that is to be answered; `meaning`: its static vector.
    """

    language: str | None
    beginnings: Mapping[str, float]
    newest: frozenset[str]
    meaning: Vectors


def beginning(word: str, terms: Sequence[str]) -> Sequence[str]:
    """What a word of the question and its other forms begin with; the terms of a script that doesn't part its words."""
    if IS_UNPARTED.match(word):
        return terms
    same = takewhile(lambda pair: pair[0] == pair[1], zip(word, terms[0], strict=False))
    common = "".join(letter for letter, _ in same).rstrip(CHANGING)
    return (common if len(common) >= SHORTEST else word,)


def look_closely(asked: Wording, texts: Sequence[str], titles: Sequence[str | None]) -> Scores:
    """What speaks for each passage besides its score, shape (passages, 4), 0..1 each: see WEIGHTS."""
    looked = [_lines(asked.beginnings, text) for text in texts]
    worded = np.array([share for share, _ in looked])
    likeness = _likeness(asked.meaning, [lines for _, lines in looked])
    named = {title: _named(asked, title) for title in set(titles)}
    length = np.array([math.log1p(len(text) / WORD_CHARS) / LONG_LOG for text in texts]).clip(max=1)
    meant = likeness / max(likeness.max(initial=0), LEAST_LIKENESS)
    return np.stack([worded, meant, [named[title] for title in titles], length], axis=1)


def _lines(beginnings: Mapping[str, float], text: str) -> tuple[float, list[str]]:
    """The share of the question that the best line carries, 0..1, and the best lines."""
    carried = []
    for line in text.split("\n"):
        low = line.lower()
        weight = sum(weight for begins, weight in beginnings.items() if begins in low)
        if weight:
            carried.append((weight, line))
    carried.sort(key=lambda pair: -pair[0])
    total = sum(beginnings.values())
    return (carried[0][0] / total if carried else 0.0), [line[:LINE_CHARS] for _, line in carried[:LINES]]


def _likeness(meaning: Vectors, lines: Sequence[Sequence[str]]) -> Scores:
    """Of each passage the cosine of the line that is most like the question, at least 0."""
    best = np.zeros(len(lines))
    own = [number for number, of_one in enumerate(lines) for _ in of_one]
    if own:
        cosines = _embedded([line for of_one in lines for line in of_one]) @ meaning
        np.maximum.at(best, own, cosines)
    return best


def _embedded(lines: Sequence[str]) -> Vectors:
    """As rows. Questions of one organisation meet the same lines again and again."""
    if len(_REMEMBERED) > MOST_REMEMBERED:
        _REMEMBERED.clear()
    fresh = list(set(lines).difference(_REMEMBERED))
    _REMEMBERED.update(zip(fresh, static_embedder().embed(fresh), strict=True))
    return np.stack([_REMEMBERED[line] for line in lines])


def _named(asked: Wording, title: str | None) -> float:
    """The share of a title's words that the question names, 0..1."""
    said = frozenset(stems(title or "", asked.language))
    return len(said & asked.newest) / len(said) if said else 0.0
