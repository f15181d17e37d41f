"""Texts that nobody wrote but that search takes for real: words as often as Zipf's law has it, about some subject.

Words are those of the embedder's own vocabulary and compounds of them, so that dense vectors mean something. Vectors
are computed for many chunks at once, by the arithmetic of ingest/embed.py and ingest/lexical.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector, SparseVector

from ingest.embed import static_embedder
from ingest.lexical import DIMENSIONS, K1, USUAL_LENGTH, B, number

WORDS = 50_000
SUBJECTS = 400
WORDS_OF_A_SUBJECT = 300
# The share of a chunk's words that its subject gives; the others are everybody's.
SUBJECT_SHARE = 0.4
SHORTEST, LONGEST = 60, 240
COMMON = 60


@dataclass(frozen=True)
class Written:
    """One chunk: its text and its vectors."""

    text: str
    dense: HalfVector
    terms: SparseVector
    pairs: SparseVector

    @property
    def numbers(self) -> list[int]:
        found: list[int] = self.terms.indices()
        return found


class Writer:
    """The same seed writes the same texts."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self.words = self._vocabulary()
        self._common = zipf(len(self.words))
        self._own = zipf(WORDS_OF_A_SUBJECT)
        self._subjects = self._random.integers(COMMON, len(self.words), (SUBJECTS, WORDS_OF_A_SUBJECT))
        self._numbers = np.array([number(word) for word in self.words])
        self._order = {word: place for place, word in enumerate(self.words)}

    def _vocabulary(self) -> list[str]:
        """Common words first."""
        known = static_embedder().vocabulary()
        simple = [
            word for word in known if word.isascii() and word.isalpha() and word.islower() and len(word) > 2
        ]
        made = dict.fromkeys(simple)
        while len(made) < WORDS:
            first, second = self._random.choice(len(simple), 2)
            made[simple[first] + simple[second]] = None
        return list(made)

    @cached_property
    def _meanings(self) -> NDArray[np.float32]:
        return static_embedder().sums(self.words)

    def chunks(self, count: int) -> Iterator[Written]:
        for _ in range(count):
            yield self._chunk(self._words())

    def _words(self) -> NDArray[np.int64]:
        length = int(self._random.integers(SHORTEST, LONGEST))
        about = self._subjects[self._random.integers(SUBJECTS)]
        own = about[np.searchsorted(self._own, self._random.random(length))]
        common = np.searchsorted(self._common, self._random.random(length))
        return np.where(self._random.random(length) < SUBJECT_SHARE, own, common)

    def _chunk(self, words: NDArray[np.int64]) -> Written:
        found, times = np.unique(words, return_counts=True)
        pooled = times @ self._meanings[found]
        damping = K1 * (1 - B + B * len(words) / USUAL_LENGTH)
        terms = dict(
            zip(self._numbers[found].tolist(), (times * (K1 + 1) / (times + damping)).tolist(), strict=True)
        )
        text = [self.words[word] for word in words]
        pairs = {number(f"{a} {b}"): (K1 + 1) / (1 + damping) for a, b in pairwise(text)}
        return Written(
            " ".join(text),
            HalfVector(pooled / max(float(np.linalg.norm(pooled)), 1e-9)),
            SparseVector(terms, DIMENSIONS),
            SparseVector(pairs, DIMENSIONS),
        )

    def question(self, text: str) -> str:
        """What somebody might ask whom the chunk `text` would answer: a few of its words, rare ones first of all."""
        words = list(dict.fromkeys(text.split()))
        rare = sorted(words, key=lambda word: -self._order[word])[: len(words) // 2]
        chosen = self._random.choice(rare, min(len(rare), int(self._random.integers(2, 5))), replace=False)
        common = self._random.choice(self.words[:2_000], int(self._random.integers(1, 4)))
        return " ".join([*chosen, *common])


def zipf(count: int) -> NDArray[np.float64]:
    """How likely one of the first words is, for each number of first words."""
    chance = 1 / (np.arange(count) + 2.7)
    until: NDArray[np.float64] = np.cumsum(chance / chance.sum())
    until[-1] = 1.0
    return until
