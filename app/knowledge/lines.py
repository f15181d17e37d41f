"""The closest look at the passages found: whether a line of one says what was asked, and whether its title or the name
of its file does.

A passage is searched as a whole, and much of it may be about something else. Words are found by how they begin, as far
as they share that with their stem: cheap enough to look at every line of every candidate while a visitor waits.
Weights are what measured best on four sets at once (bench/tune.py); near them the figures hardly change.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from ingest.embed import Vectors, static_embedder
from ingest.lexical import IS_UNPARTED, stems

# How many passages are looked at so closely, and how many of those by the meaning of their lines, which takes longest.
LOOKED_AT, COMPARED = 25, 12
# The share of the question's words that stand in one line; how like the question the line is, against the line that is
# most like it; the shares of the title, and of the file's name, that the question names; the logarithm of the
# passage's length.
WEIGHTS = (0.4, 0.4, 0.4, 0.4, 0.3)
MEANT = 1

# Of each passage, those lines with the most of the question's words are compared by meaning, as far as they begin.
LINES, LINE_CHARS = 2, 400
# Where nothing is more like the question than this, the nearest is no good share of anything.
LEAST_LIKENESS = 0.2
WORD_CHARS, LONG_LOG = 6, 6.0
# Fewer common characters than this are not taken for the beginning of a word.
SHORTEST = 2
# What stands between the folders of a file's name, its ending, and where the words begin that are written in one.
BETWEEN, ENDING, INNER = (
    re.compile(r"[/\\›]"),
    re.compile(r"\.\w{1,5}$"),
    re.compile(r"(?<=[a-z])(?=[A-Z])|[\W_]+"),
)
# Last letters of a stem that its other forms write differently: companies, company.
CHANGING = "iy"

# Of how many lines this process keeps the vectors, at about 1.5 KB each, and of how many titles and files the words.
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


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it is looked at. `file` is the name of the file that it comes from, with its folders."""

    text: str
    title: str | None = None
    file: str | None = None


def look_closely(
    asked: Wording,
    passages: Sequence[Shown],
    before: Scores,
    weights: Sequence[float] = WEIGHTS,
    compared: int = COMPARED,
) -> Scores:
    """What speaks for each passage besides its score `before`, shape (passages, 5), 0..1 each: see WEIGHTS. Those that
    are the best without it are `compared` by meaning.
    """
    looked = [_lines(asked.beginnings, passage.text) for passage in passages]
    titled = {title: _named(asked, title) for title in {passage.title for passage in passages}}
    filed = {file: _filed(asked, file) for file in {passage.file for passage in passages}}
    found = np.zeros((len(passages), len(weights)))
    for row, passage, (share, _) in zip(found, passages, looked, strict=True):
        long = min(math.log1p(len(passage.text) / WORD_CHARS) / LONG_LOG, 1.0)
        row[:] = share, 0.0, titled[passage.title], filed[passage.file], long
    best = np.argsort(-(before + found @ weights), kind="stable")[:compared]
    likeness = _likeness(asked.meaning, [looked[at][1] for at in best])
    found[best, MEANT] = likeness / max(likeness.max(initial=0), LEAST_LIKENESS)
    return found


def _lines(beginnings: Mapping[str, float], text: str) -> tuple[float, list[str]]:
    """The share of the question that the best line carries, 0..1, and the best lines."""
    low = text.lower() + "\n"
    # By where each line ends, as only those are looked at that something stands in.
    carried: dict[int, float] = {}
    for begins, weight in beginnings.items():
        at = low.find(begins)
        while at >= 0:
            end = low.find("\n", at)
            carried[end] = carried.get(end, 0.0) + weight
            at = low.find(begins, end)
    if not carried:
        return 0.0, []
    lines, best = text.split("\n"), sorted(carried, key=lambda end: (-carried[end], end))[:LINES]
    numbers = [low.count("\n", 0, end) for end in best]
    return carried[best[0]] / sum(beginnings.values()), [lines[number][:LINE_CHARS] for number in numbers]


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
    said = _said(title or "", asked.language)
    return len(said & asked.newest) / len(said) if said else 0.0


@lru_cache(MOST_REMEMBERED)
def _said(name: str, language: str | None) -> frozenset[str]:
    return frozenset(stems(name, language))


def _filed(asked: Wording, file: str | None) -> float:
    """The mean of that share over the folders and the name of a file, 0..1."""
    parts = _parts(file or "")
    return sum(_named(asked, part) for part in parts) / len(parts)


@lru_cache(MOST_REMEMBERED)
def _parts(file: str) -> Sequence[str]:
    return [INNER.sub(" ", part) for part in BETWEEN.split(ENDING.sub("", file))]
