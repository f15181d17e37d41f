"""Words of a question that no text of the organisation has, and what stands in for them: the word that was mistyped by
a letter, another form of it that its stem does not tell, or the parts of a compound (decision 28).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from app.knowledge.question import Statistics, Word
from ingest.embed import static_embedder
from ingest.lexical import IS_UNPARTED, lower, number

# Of how many words of a question something is looked for: who pastes a page is not looked up word by word.
MOST_ASKED = 16
# In letters: what something may stand in for, and what may stand in.
SHORTEST_ASKED, SHORTEST, LONGEST = 5, 4, 40
# Another form begins with so many letters of the word, at least with this share of them, and is hardly longer.
SAME_LETTERS, SAME_SHARE, LONGER = 5, 0.7, 3
# The head and the tail of a compound, and what either leaves.
HEAD, TAIL, HEAD_LEAVES, TAIL_LEAVES = 5, 4, 3, 4

# Of each word ($2), those that begin with the same half ($3) and may be as long. Compared by bytes, which the index is
# ordered by.
ALIKE = """
    SELECT asked.stem, array_agg(found.stem) FROM unnest($2::text[], $3::text[]) AS asked(stem, half), LATERAL (
        SELECT stem FROM corpus_word WHERE org_id = $1 AND stem >= half AND stem < half || chr(1114111)
            AND char_length(stem) BETWEEN char_length(half) + 1 AND char_length(asked.stem) + $4 OFFSET 0
    ) AS found GROUP BY asked.stem
"""


def may_stand_in(stem: str) -> bool:
    """Whether a term of a text may: numbers are meant as they are written, and so are names with numbers in them."""
    parted = SHORTEST <= len(stem) <= LONGEST and not IS_UNPARTED.match(stem)
    return parted and not any(letter.isdigit() for letter in stem)


def may_be_asked(stem: str) -> bool:
    """Whether something may stand in for a term."""
    return len(stem) >= SHORTEST_ASKED and may_stand_in(stem)


def unheard(turns: Sequence[Sequence[Word]], statistics: Statistics) -> dict[str, str]:
    """The words that no text has, as they were written in lower case, by their stems; those of this turn first."""
    each = (word for turn in turns for word in turn if word.known_form(statistics) is None)
    asked = ((word.stem, lower(word.text)) for word in each if may_be_asked(word.stem))
    return dict(islice(asked, MOST_ASKED))


def half(stem: str) -> str:
    """How words begin that are looked at: most are mistyped in their second half."""
    return stem[: max(2, len(stem) // 2)]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What may be meant: a word of the first of `kinds` that texts have one of, else of each of `parts` the longest."""

    kinds: Sequence[Sequence[str]]
    parts: Sequence[Sequence[str]]

    @property
    def all(self) -> Iterator[str]:
        return chain(*self.kinds, *self.parts)

    def best(self, frequency: Mapping[int, int]) -> tuple[str, ...]:
        """The most frequent word of its kind, or the parts; none where texts have none of them."""
        known = [[one for one in each if frequency.get(number(one))] for each in (*self.kinds, *self.parts)]
        for kind in filter(None, known[: len(self.kinds)]):
            return (max(kind, key=lambda one: (frequency[number(one)], one)),)
        return tuple(dict.fromkeys(each[0] for each in known if each))


def guesses(stem: str, word: str, alike: Sequence[str]) -> Guesses:
    """Of words that begin `alike` those that may be meant, by a letter mistyped or as another form; and what may be
    the head and the tail of a compound. A word that is common in general is not taken for mistyped.
    """
    # English stems end with "i" where words do with "y", unless they are mistyped there.
    spelt = f"{stem[:-1]}i" if stem.endswith("y") else stem
    mistyped = [] if static_embedder().is_common(word) else [one for one in alike if one_apart(spelt, one)]
    least = max(SAME_LETTERS, math.ceil(SAME_SHARE * len(stem)))
    same = {one: _same_letters(stem, one) for one in alike if len(one) <= len(stem) + LONGER}
    most = max(same.values(), default=0)
    forms = [one for one, letters in same.items() if letters == most >= least]
    heads = [stem[:end] for end in range(len(stem) - HEAD_LEAVES, HEAD - 1, -1)]
    tails = [stem[start:] for start in range(TAIL_LEAVES, len(stem) - TAIL + 1)]
    return Guesses((mistyped, forms), (heads, tails) if heads and tails else ())


def one_apart(one: str, other: str) -> bool:
    """Whether a letter more, a letter less, another letter, or two letters in turn are all that differs."""
    short, long = sorted((one, other), key=len)
    at = _same_letters(short, long)
    if len(long) - len(short) == 1:
        return short[at:] == long[at + 1 :]
    if len(long) != len(short) or short == long:
        return False
    turned = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return turned or short[at + 1 :] == long[at + 1 :]


def _same_letters(one: str, other: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
