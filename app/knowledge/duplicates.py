"""Texts that say the same: of passages that several documents share, one is shown and the others are noted."""

from itertools import pairwise

from ingest.lexical import words

# The share of two texts' pairs of words that both have, from which on they are taken for one.
ALIKE = 0.9


class Texts:
    """Texts that were seen, each under the number of its turn."""

    def __init__(self) -> None:
        self._seen: list[tuple[frozenset[tuple[str, str]], frozenset[str]]] = []

    def same_as(self, text: str, said: frozenset[int], others: list[frozenset[int]]) -> int | None:
        """The text seen before that says the same; None where there is none, and this one is now seen.

        A number that differs makes another text ("5 users", "10 users"), and so does a word of the question that the
        one seen before lacks: `said` are those of this text, `others` those of the texts seen.
        """
        spoken = words(text)
        pairs = frozenset(pairwise(spoken))
        figures = frozenset(word for word in spoken if any(sign.isdigit() for sign in word))
        for turn, (known, numbers) in enumerate(self._seen):
            if numbers == figures and said <= others[turn] and alike(pairs, known):
                return turn
        self._seen.append((pairs, figures))
        return None


def alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
