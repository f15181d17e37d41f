"""Whether what was found can answer the question at all, or is only the least bad that there is.

A logistic model on a few things that can be told without a model of language; `make bench-answers` prints how often
it is right on questions that it was not fitted on, and `python -m bench.answers --fit` the coefficients below. The
static embeddings know little but English, so other languages are judged by their words alone; where words are not
parted (Chinese, Thai, Vietnamese) by how many of the question's runs of characters or syllables one passage holds.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import exp, sqrt
from operator import mul
from typing import Literal

import numpy as np
import regex

from app.knowledge.question import TURN_WEIGHTS, Query
from app.knowledge.search import Passage
from ingest.embed import static_embedder
from ingest.lexical import IS_UNPARTED, guess_language, words
from ingest.sentences import sentences

Kind = Literal["english", "words", "runs"]

# Passages that an answer would be made of.
CONSIDERED = 5
# Below this, "I don't know".
THRESHOLD = 0.44

COEFFICIENTS: Mapping[Kind, Mapping[str, float]] = {
    "english": {
        "meaning": 1.85,
        "wording": 3.62,
        "covered": 1.50,
        "continues": 2.59,
        "confirms": -1.57,
        "offset": -5.12,
    },
    "words": {"strength": 4.26, "wording": 4.78, "offset": -5.02},
    "runs": {"held": 9.08, "offset": -2.73},
}

# So many characters say as much as a word where words are not parted: letters that spell (Thai), signs that mean
# (Chinese). Vietnamese parts its syllables, and two of them are a word.
LETTERS, SIGNS = 5, 2
SYLLABIC = "vi"
SPELLS = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")

# A text with names and code in it is still one of those scripts; one with a word of them is not.
UNPARTED_SHARE = 0.25

# More than this, rare words repeated, proves nothing further.
STRENGTH_LIMIT = 1.5
# Quotes of the passage that is found again would be perfectly like it.
CONTINUES_LIMIT = 0.85
# What a question that opens a conversation is given, which is neither on the subject nor off it.
CONTINUES_NOTHING = 0.6
ANSWER_CHARS = 1500
BRIEF_WORDS = 8
LANGUAGE_CHARS = 2000
# A follow-up that asks for yes or no is more often than others about a detail that nobody has written down.
CONFIRMS = re.compile(
    r"(?:^|[,.!?;]\s*|^(?:so|and|then|but|i see|ok|hi)\W+)"
    r"(?:is|are|do|does|did|can|could|will|would|should|am|was|were|has|have|had|may|(?:is|are|do|does)n.t)\s"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """`value` is how likely the passages answer what was asked, 0..1, `features` what that was told by.

    `meaning` and `wording` are how like the question the best sentence is (cosines of embeddings and of trigrams of
    letters), `covered` the root of how much of what was asked one passage holds, `continues` how like the last answer
    what was found is, `confirms` whether a follow-up asks for yes or no, `strength` that of the best passage, `held`
    how much of the question's runs one passage holds, where earlier questions weigh less.
    """

    value: float
    kind: Kind
    features: Mapping[str, float]

    @property
    def enough(self) -> bool:
        return self.value >= THRESHOLD


def evidence(query: Query, passages: Sequence[Passage]) -> Evidence:
    """What the passages, best first, say for an answer.

    None at all where there are none, and for a turn without a word in it ("?!"), which would be searched by its
    history alone.
    """
    considered = passages[:CONSIDERED]
    if not considered or not words(query.text):
        return Evidence(0.0, "english", {})
    kind = kind_of(query, considered)
    features = features_of(kind, query, considered)
    weights = COEFFICIENTS[kind]
    total = weights["offset"] + sum(weights[name] * value for name, value in features.items())
    return Evidence(1 / (1 + exp(-total)), kind, features)


def kind_of(query: Query, passages: Sequence[Passage]) -> Kind:
    sample = " ".join(passage.text for passage in passages)[:LANGUAGE_CHARS]
    if _is_unparted(words(query.text), least=0.0) and _is_unparted(words(sample), least=UNPARTED_SHARE):
        return "runs"
    language = guess_language(" ".join([query.text, *query.history[-1:], sample]), ["en"])
    return "english" if language == "en" else "runs" if language == SYLLABIC else "words"


def _is_unparted(said: Sequence[str], *, least: float) -> bool:
    """Whether more than such a share of its characters are of a script that does not part its words."""
    return sum(len(word) for word in said if IS_UNPARTED.match(word)) > least * sum(map(len, said))


def features_of(kind: Kind, query: Query, passages: Sequence[Passage]) -> dict[str, float]:
    if kind == "runs":
        return {"held": _held(query, passages)}
    lines = [line for passage in passages for line in lines_of(passage)]
    asked = grams(query.text)
    wording = max((_alike(asked, grams(line)) for line in lines), default=0.0)
    strength = min(STRENGTH_LIMIT, max(passage.strength for passage in passages))
    if kind != "english":
        return {"strength": strength, "wording": wording}
    meaning, continues = _meanings(query, lines)
    confirms = float(bool(query.history) and CONFIRMS.search(query.text.lower()) is not None)
    covered = sqrt(max(passage.coverage for passage in passages))
    return {
        "meaning": meaning,
        "wording": wording,
        "covered": covered,
        "continues": continues,
        "confirms": confirms,
    }


def _held(query: Query, passages: Sequence[Passage]) -> float:
    weights: dict[str, float] = {}
    for turn, weight in zip((query.text, *reversed(query.history)), TURN_WEIGHTS, strict=False):
        for run in runs_of(turn):
            weights.setdefault(run, weight)
    texts = ("\n".join([passage.question or "", *passage.headings, passage.text]) for passage in passages)
    held = (weights.keys() & runs_of(text) for text in texts)
    return max(sum(map(weights.__getitem__, each)) for each in held) / sum(weights.values())


def runs_of(text: str) -> frozenset[str]:
    """Runs of characters where words are not parted; else two words that follow one another."""
    said = words(text)
    if any(map(IS_UNPARTED.match, said)):
        return frozenset(chain.from_iterable(map(_runs, said)))
    return frozenset(map(" ".join, pairwise(said))) or frozenset(said)


def _runs(word: str) -> Sequence[str]:
    if not IS_UNPARTED.match(word):
        return (word,)
    return _windows(word, LETTERS if SPELLS.match(word) else SIGNS)


def lines_of(passage: Passage) -> list[str]:
    """The sentences of a passage, those of each line for themselves; and the question that it is the answer to."""
    asked = [passage.question] if passage.question else []
    return [
        *asked,
        *chain.from_iterable(sentences(line) for line in passage.text.splitlines() if line.strip()),
    ]


def _meanings(query: Query, lines: Sequence[str]) -> tuple[float, float]:
    """How like the question the best line is, alone and after the turn before; how like the last answer one is."""
    asked = " ".join([*query.history[-1:], query.text])
    answered = _answered(query)[:ANSWER_CHARS]
    vectors = static_embedder().embed([query.text, asked, answered, *lines])
    best = (vectors[3:] @ vectors[:3].T).max(axis=0) if lines else np.zeros(3)
    continues = min(CONTINUES_LIMIT, float(best[2])) if answered else CONTINUES_NOTHING
    return float(best[0] + best[1]) / 2, continues


def _answered(query: Query) -> str:
    """The last answer; one of a few words says what it is about only together with its question."""
    brief = len(query.answered.split()) < BRIEF_WORDS
    return " ".join([*query.history[-1:], query.answered]) if query.answered and brief else query.answered


def grams(text: str) -> Counter[str]:
    """Three letters that follow one another, with the edges of words; pairs of characters where words have none."""
    return Counter(chain.from_iterable(map(_grams, words(text))))


@lru_cache(maxsize=20_000)
def _grams(word: str) -> Sequence[str]:
    unparted = not word.isascii() and IS_UNPARTED.match(word)
    return _windows(word, SIGNS) if unparted else _windows(f" {word} ", 3)


def _windows(text: str, length: int) -> Sequence[str]:
    return tuple(text[at : at + length] for at in range(max(1, len(text) - length + 1)))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """Their cosine."""
    shared = sum(count * other[gram] for gram, count in one.items() if gram in other)
    return shared / sqrt(_square(one) * _square(other)) if shared else 0.0


def _square(counts: Counter[str]) -> int:
    return sum(map(mul, counts.values(), counts.values()))
