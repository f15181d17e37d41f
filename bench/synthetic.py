"""Texts that nobody wrote but that search takes for real: words as often as Zipf's law has it, about some subject.

Words are those of the embedder's own vocabulary and compounds of them, so that dense vectors mean something. Vectors
are computed for many chunks at once, by the arithmetic of ingest/embed.py and ingest/lexical.py, and in the form in
which PostgreSQL takes them: 200,000 chunks one by one would take longer than everything that is measured with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ingest.embed import static_embedder
from ingest.lexical import DIMENSIONS, K1, USUAL_LENGTH, B

WORDS = 50_000
SUBJECTS = 400
WORDS_OF_A_SUBJECT = 300
# The share of a chunk's words that its subject gives; the others are everybody's.
SUBJECT_SHARE = 0.4
SHORTEST, LONGEST = 60, 240
COMMON = 60
AT_ONCE = 500

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Written:
    """One chunk: its text, its vectors in PostgreSQL's binary form, and the numbers of its terms."""

    text: str
    dense: bytes
    terms: bytes
    pairs: bytes
    numbers: Numbers


class Writer:
    """The same seed writes the same texts."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self.words = self._vocabulary()
        self._common = zipf(len(self.words))
        self._own = zipf(WORDS_OF_A_SUBJECT)
        self._subjects = self._random.integers(COMMON, len(self.words), (SUBJECTS, WORDS_OF_A_SUBJECT))
        self._spelt = np.array(self.words, object)
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

    @cached_property
    def _hashed(self) -> "Hashed":
        return Hashed(self.words)

    def texts(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield self._text(self._words())

    def chunks(self, count: int) -> Iterator[Written]:
        for start in range(0, count, AT_ONCE):
            yield from self._written([self._words() for _ in range(min(AT_ONCE, count - start))])

    def _words(self) -> Numbers:
        length = int(self._random.integers(SHORTEST, LONGEST))
        about = self._subjects[self._random.integers(SUBJECTS)]
        own = about[np.searchsorted(self._own, self._random.random(length))]
        common = np.searchsorted(self._common, self._random.random(length))
        return np.where(self._random.random(length) < SUBJECT_SHARE, own, common)

    def _text(self, words: Numbers) -> str:
        return " ".join(self._spelt[words])

    def _written(self, chunks: list[Numbers]) -> Iterator[Written]:
        lengths = np.array([len(words) for words in chunks])
        words, of = np.concatenate(chunks), np.repeat(np.arange(len(chunks)), lengths)
        damping = K1 * (1 - B + B * lengths / USUAL_LENGTH)
        terms = each_once(of, self._hashed.one[words], damping)
        together = of[:-1] == of[1:]
        pairs = self._hashed.pairs(words[:-1][together], words[1:][together])
        neighbours = each_once(of[:-1][together], pairs, damping, often=False)
        for at, chunk in enumerate(chunks):
            yield Written(
                self._text(chunk),
                self._dense(chunk),
                sparse(*terms[at]),
                sparse(*neighbours[at]),
                terms[at][0],
            )

    def _dense(self, words: Numbers) -> bytes:
        pooled = self._meanings[words].sum(axis=0)
        unit = pooled / max(float(np.linalg.norm(pooled)), 1e-9)
        dense: bytes = np.array([len(unit), 0], ">u2").tobytes() + unit.astype(">f2").tobytes()
        return dense

    def question(self, text: str) -> str:
        """What somebody might ask whom the chunk `text` would answer: a few of its words, rare ones first of all."""
        words = list(dict.fromkeys(text.split()))
        rare = sorted(words, key=lambda word: -self._order[word])[: len(words) // 2]
        chosen = self._random.choice(rare, min(len(rare), int(self._random.integers(2, 5))), replace=False)
        common = self._random.choice(self.words[:2_000], int(self._random.integers(1, 4)))
        return " ".join([*chosen, *common])


class Hashed:
    """The numbers of words and of pairs of them, as `ingest.lexical.number` gives them, for many at once.

    The checksum of two texts in a row is that of the first, carried over as many zero bytes as the second has, and that
    of the second; and carrying over is the same for each of a checksum's four bytes.
    """

    def __init__(self, words: list[str]) -> None:
        encoded = [word.encode() for word in words]
        self._alone = np.array([crc32(word) for word in encoded], np.uint32)
        self._before = np.array([crc32(word + b" ") for word in encoded], np.uint32)
        self._lengths = np.array([len(word) for word in encoded])
        self._carried = np.array([carried(length) for length in range(max(self._lengths) + 1)], np.uint32)
        self.one: Numbers = self._alone.astype(np.int64) % DIMENSIONS

    def pairs(self, first: Numbers, second: Numbers) -> Numbers:
        before, lengths = self._before[first], self._lengths[second]
        checksum = self._alone[second]
        for byte in range(4):
            checksum = checksum ^ self._carried[lengths, byte, (before >> (8 * byte)) & 255]
        return checksum.astype(np.int64) % DIMENSIONS


def carried(length: int) -> list[list[int]]:
    """What becomes of each value of each of a checksum's bytes over so many zero bytes; shape (4, 256)."""
    zeros = bytes(length)
    nothing = crc32(zeros)
    return [[crc32(zeros, value << (8 * byte)) ^ nothing for value in range(256)] for byte in range(4)]


def each_once(
    of: Numbers, numbers: Numbers, damping: NDArray[np.float64], *, often: bool = True
) -> list[tuple[Numbers, NDArray[np.float64]]]:
    """Of each chunk its numbers in their order with their BM25 weights; not `often` counts none more than once."""
    keys, times = np.unique(of << 32 | numbers, return_counts=True)
    chunk = keys >> 32
    times = times if often else np.ones_like(times)
    weights = times * (K1 + 1) / (times + damping[chunk])
    ends = np.searchsorted(chunk, np.arange(1, len(damping)))
    return list(zip(np.split(keys & 0xFFFFFFFF, ends), np.split(weights, ends), strict=True))


def sparse(numbers: Numbers, weights: NDArray[np.float64]) -> bytes:
    head = np.array([DIMENSIONS, len(numbers), 0], ">i4")
    return head.tobytes() + numbers.astype(">i4").tobytes() + weights.astype(">f4").tobytes()


def zipf(count: int) -> NDArray[np.float64]:
    """How likely one of the first words is, for each number of first words."""
    chance = 1 / (np.arange(count) + 2.7)
    until: NDArray[np.float64] = np.cumsum(chance / chance.sum())
    until[-1] = 1.0
    return until
