"""Texts that say the same: of passages that several documents share, one is shown and the others are noted."""

import re
from collections.abc import Hashable
from functools import cached_property
from itertools import pairwise

from ingest.lexical import words

# The share of two texts' pairs of words that both have, from which on they are taken for one: what is gained below
# are mostly texts of which only one is relevant (bench/duplicates.py, decision 7).
ALIKE = 0.9
# Texts that share fewer of their terms than this are not, so that their words need not be looked at: none was missed.
LIKELY = 0.5
FIGURE = re.compile(r"\d")


class Seen:
    """A text with the terms it is indexed by, among which those of its headings are."""

    def __init__(self, text: str, terms: frozenset[int]) -> None:
        self.text, self.terms = text, terms

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
            shared(self.terms, other.terms) >= LIKELY
            and self.figures == other.figures
            and shared(self.pairs, other.pairs) >= ALIKE
        )


class Texts:
    """The first `most` different texts that were seen, each under the number of its turn."""

    def __init__(self, asked: frozenset[int], most: int) -> None:
        self._asked, self._most = asked, most
        self._seen: list[Seen] = []

    def same_as(self, text: str, terms: frozenset[int]) -> int | None:
        """The text seen before that says the same; None where there is none, and this one is now seen.

        One that has a word of the question which the one seen before lacks is another.
        """
        new = Seen(text, terms)
        said = terms & self._asked
        for turn, known in enumerate(self._seen):
            if said <= known.terms and new.says(known):
                return turn
        if len(self._seen) < self._most:
            self._seen.append(new)
        return None


def shared(one: frozenset[Hashable], other: frozenset[Hashable]) -> float:
    """The share of what both have in what either has; 1 where there is nothing."""
    both = len(one & other)
    either = len(one) + len(other) - both
    return both / either if either else 1.0
