"""Texts that say the same: of passages that several documents share, one is shown and the others are noted."""

import re
from collections.abc import Hashable, Sequence
from functools import cached_property
from itertools import pairwise

from ingest.lexical import words

# The share of two texts' pairs of words that both have, from which on they are taken for one: what is gained below
# are mostly texts of which only one is relevant (bench/duplicates.py, decision 7).
ALIKE = 0.9
# Of two texts' terms those with the lowest numbers are compared first, which is quickly done. Numbers of terms are
# hashes, so that these are a fair sample of what both have in common. Texts that share less of it than this are not
# for one, and their words need not be looked at: none was missed.
SAMPLE, LIKELY = 16, 0.3
FIGURE = re.compile(r"\d")


class Seen:
    """A text with the numbers of the terms it is indexed by, in order; those of its headings are among them."""

    def __init__(self, text: str, terms: Sequence[int]) -> None:
        self.text, self._terms = text, terms
        self.sample = frozenset(terms[:SAMPLE])

    @cached_property
    def terms(self) -> frozenset[int]:
        return frozenset(self._terms)

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
        """A number that differs makes another text ("5 users", "10 users")."""
        return (
            shared(self.sample, other.sample) >= LIKELY
            and self.figures == other.figures
            and shared(self.pairs, other.pairs) >= ALIKE
        )


class Texts:
    """The first `most` different texts that were seen, each under the number of its turn."""

    def __init__(self, asked: frozenset[int], most: int) -> None:
        self._asked, self._most = asked, most
        self._seen: list[Seen] = []

    def same_as(self, new: Seen) -> int | None:
        """The turn of the text seen before that says the same; None where there is none, and this one is now seen.

        One that has a word of the question which the one seen before lacks is another.
        """
        for turn, known in enumerate(self._seen):
            if new.says(known) and self._asked & new.terms <= known.terms:
                return turn
        if len(self._seen) < self._most:
            self._seen.append(new)
        return None


def shared(one: frozenset[Hashable], other: frozenset[Hashable]) -> float:
    """The share of what both have in what either has; 1 where there is nothing."""
    both = len(one & other)
    either = len(one) + len(other) - both
    return both / either if either else 1.0
