"""Texts that say the same: of passages that several documents share, one is shown and the others are noted."""

from collections import defaultdict
from itertools import pairwise

from ingest.lexical import words

# The share of two texts' pairs of words that both have, from which on they are taken for one.
ALIKE = 0.9

Pair = tuple[str, str]


class Said:
    """A text as far as it is compared. `asked` are the words of the question that stand in it."""

    def __init__(self, text: str, asked: frozenset[int]) -> None:
        spoken = words(text)
        self.asked = asked
        self.pairs = frozenset(pairwise(spoken))
        self.figures = frozenset(word for word in spoken if not word.isalpha() and _has_digit(word))

    def marks(self) -> list[int]:
        """Two texts that are alike have one of these in common: the smallest, by an order that is any but the same."""
        enough = len(self.pairs) - int(ALIKE * len(self.pairs)) + 1
        return sorted(map(hash, self.pairs))[:enough] or [0]

    def same_as(self, known: "Said") -> bool:
        """Whether the known text says all that this one does.

        A number that differs makes another text ("5 users", "10 users"), and so does a word of the question that the
        known one lacks.
        """
        return self.figures == known.figures and self.asked <= known.asked and alike(self.pairs, known.pairs)


class Texts:
    """Texts that were seen, each under the number of its turn."""

    def __init__(self) -> None:
        self._seen: list[Said] = []
        self._marked: dict[int, list[int]] = defaultdict(list)

    def same_as(self, said: Said) -> int | None:
        """The text seen before that says the same; None where there is none, and this one is now seen."""
        marks = said.marks()
        for turn in sorted({turn for mark in marks for turn in self._marked.get(mark, ())}):
            if said.same_as(self._seen[turn]):
                return turn
        for mark in marks:
            self._marked[mark].append(len(self._seen))
        self._seen.append(said)
        return None


def _has_digit(word: str) -> bool:
    return any(sign.isdigit() for sign in word)


def alike(one: frozenset[Pair], other: frozenset[Pair]) -> bool:
    both = len(one & other)
    return both >= ALIKE * (len(one) + len(other) - both)
