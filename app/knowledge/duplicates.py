"""Texts that say the same: of passages that several documents share, one is shown and the others are noted."""

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.lexical import words

# The share of two texts' pairs of words that both have, from which on they are taken for one: what is gained below
# are mostly texts of which only one is relevant (bench/duplicates.py, decision 7).
ALIKE = 0.9
# Of two texts' terms those with the lowest numbers are compared first, which is quickly done. Numbers of terms are
# hashes, so that these are a fair sample of what both have in common. Texts that share less of it than this are not
# for one, and their words need not be looked at: none was missed. Of texts with fewer terms than the sample has room
# for headings are a large part, and those may differ.
SAMPLE, LIKELY, LIKELY_SHORT = 32, 0.5, 0.25
FIGURE = re.compile(r"\d")

Terms = NDArray[np.integer]


class Seen:
    """A text with the numbers of the terms it is indexed by, in order; those of its headings are among them. `said`
    are those that were asked for.
    """

    def __init__(self, text: str, terms: Terms, asked: frozenset[int] = frozenset()) -> None:
        self.text, self._terms, self._asked = text, terms, asked

    @property
    def sample(self) -> Terms:
        return self._terms[:SAMPLE]

    @cached_property
    def said(self) -> frozenset[int]:
        return self._asked.intersection(self._terms.tolist())

    @cached_property
    def _words(self) -> list[str]:
        return words(self.text)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset(pairwise(self._words))

    @cached_property
    def figures(self) -> frozenset[str]:
        return frozenset(filter(FIGURE.search, self._words))

    def says(self, other: "Seen") -> bool:
        """A number that differs makes another text ("5 users", "10 users"), and a word of the question that only this
        one has.
        """
        return (
            self.figures == other.figures
            and shared(self.pairs, other.pairs) >= ALIKE
            and self.said <= other.said
        )


def firsts(texts: Sequence[Seen], most: int) -> Iterator[int | None]:
    """For each text the number of the first one that says the same, its own where it is the first. None for those
    that come after `most` different ones and say the same as none of them.
    """
    looked_at = likely([text.sample for text in texts])
    kept: list[int] = []
    for number, new in enumerate(texts):
        same = (known for known in kept if looked_at[number][known] and new.says(texts[known]))
        first = next(same, number if len(kept) < most else None)
        if first == number:
            kept.append(number)
        yield first


def likely(samples: Sequence[Terms]) -> list[list[bool]]:
    """Of each two texts, by their samples, whether their words are to be compared."""
    if not samples:
        return []
    sizes = np.array([len(sample) for sample in samples])
    terms, places = np.unique(np.concatenate(samples), return_inverse=True)
    holds = np.zeros((len(samples), len(terms)), np.float32)
    holds[np.repeat(np.arange(len(samples)), sizes), places] = 1
    both = holds @ holds.T
    least = np.where(np.minimum.outer(sizes, sizes) < SAMPLE, LIKELY_SHORT, LIKELY)
    found: list[list[bool]] = (both >= least * (np.add.outer(sizes, sizes) - both)).tolist()
    return found


def shared(one: frozenset[Hashable], other: frozenset[Hashable]) -> float:
    """The share of what both have in what either has; 1 where there is nothing."""
    both = len(one & other)
    either = len(one) + len(other) - both
    return both / either if either else 1.0
