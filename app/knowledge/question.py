"""A question as search needs it: weighted words of this turn and the ones before, then vectors.

Weights are what measured best on both mtrag sets (bench/tune.py): a follow-up is searched with the two turns
before it at 0.3 and 0.15 of its own weight.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

import regex

from app.knowledge.embedders import Active
from app.knowledge.lines import Wording, beginning
from ingest.embed import Vectors, static_embedder, unit
from ingest.lexical import guess_language, lower, number, raw_words, stems_of
from ingest.stopwords import STOPWORDS

TURN_WEIGHTS = (1.0, 0.3, 0.15)
# What the dense share counts against the lexical one. Static embeddings know little but English, and ranks would give
# their guesses elsewhere half of the say; shares of a score don't: at these weights recall@5 of no language of xquad
# is below that of words alone (bench/halves.py).
DENSE_WEIGHT = 0.4
# The same where the embedder knows the words by their letters alone; signs mean something each, as Chinese has them.
SPELT_WEIGHT = 0.2
SIGN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
# What the latest answer counts in a follow-up's meaning, by its first words: they say what it is about.
ANSWERED_WEIGHT, ANSWERED_WORDS = 0.3, 30
# Two words that follow one another in the question and in the passage, against each of them alone.
PAIR_WEIGHT = 0.4
# The share of all the organisation's words at which one counts half in the dense vector.
COMMON_SHARE = 1e-3
# Chunks that are thought to exist besides the organisation's own (see idf).
BACKGROUND = 200
# What stands in for a word that no text has, against the word itself; the rest of its weight finds nothing.
INSTEAD = 0.6
# No term has this number.
UNHEARD_OF = -1


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked. `history` holds the visitor's earlier turns, oldest first; `answered` is the latest answer, and
    `written` says that somebody wrote that: what was quoted would only be found again.
    """

    text: str
    history: tuple[str, ...] = ()
    answered: str = ""
    written: bool = False

    def turns(self) -> list[tuple[str, float]]:
        """This turn and those before it, newest first, each with its weight."""
        return list(zip((self.text, *reversed(self.history)), TURN_WEIGHTS, strict=False))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the organisation's chunks say about rarity. `frequency`: hashed term -> chunks that it stands in;
    `terms`: the sum of that over all terms. `large`: whether the organisation has an index of its own.
    `languages`: those of its texts, the first one first. `active`: what made their vectors.
    """

    chunks: int
    terms: int
    frequency: Mapping[int, int]
    large: bool = False
    languages: Sequence[str] = ()
    active: Active = field(default_factory=Active)

    def idf(self, term: int) -> float:
        """BM25's, as if the term were missing from some further chunks: of few chunks, one hit says little."""
        found = min(self.frequency.get(term, 0), self.chunks)
        return math.log(1 + (self.chunks + BACKGROUND - found + 0.5) / (found + 0.5))

    def rarity_of(self, stem: str) -> float:
        """The idf of a word."""
        return self.idf(number(stem))

    def pair_idf(self, first: str, second: str) -> float:
        """How often pairs occur is not counted; that of two independent words is a good guess."""
        return min(self.idf(number(first)) + self.idf(number(second)), self.idf(UNHEARD_OF))

    def rarity(self, terms: Sequence[int]) -> float:
        share = max((self.frequency.get(term, 0) for term in terms), default=0) / max(self.terms, 1)
        return COMMON_SHARE / (COMMON_SHARE + share)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question. `forms`: its terms in each language that the organisation has texts in, best first.
    `instead`: terms that stand in for it where no text has any of those.
    """

    text: str
    weight: float
    forms: tuple[tuple[str, ...], ...]
    instead: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return self.forms[0][0]

    def known_form(self, statistics: Statistics) -> tuple[str, ...] | None:
        """The first form that the organisation's texts know."""
        known = (form for form in self.forms if any(number(term) in statistics.frequency for term in form))
        return next(known, None)

    def searched(self, statistics: Statistics) -> list[tuple[str, float]]:
        """What is looked for, each term with its weight."""
        if self.instead:
            return [(term, self.weight * INSTEAD / len(self.instead)) for term in self.instead]
        return [(term, self.weight) for term in self.terms(statistics)]

    def terms(self, statistics: Statistics) -> tuple[str, ...]:
        return self.known_form(statistics) or self.forms[0]


@dataclass(frozen=True, slots=True)
class Question:
    """The question's side of the search. `terms` and `pairs` are sparse, by hashed term; `said` are the words of the
    turn that is to be answered.
    """

    dense: Vectors
    terms: dict[int, float]
    pairs: dict[int, float]
    wording: Wording
    said: Sequence[Word] = ()
    dense_weight: float = DENSE_WEIGHT

    @property
    def weight(self) -> float:
        return sum(self.terms.values())

    def coverage(self, terms: frozenset[int]) -> float:
        """The share of the question's weight that these of its terms carry, 0..1."""
        return sum(map(self.terms.__getitem__, terms)) / self.weight if self.terms else 0.0


def read(query: Query, language: str | None, languages: Sequence[str]) -> list[list[Word]]:
    """The words of each turn, without those that say nothing. `language` is the question's (see language_of),
    `languages` are the organisation's, the first one first.
    """
    order = dict.fromkeys([language, *languages])
    return [_turn(text, weight, language, list(order)) for text, weight in query.turns()]


def language_of(query: Query, languages: Sequence[str]) -> str | None:
    """The question's language, more likely one of the organisation's; None where nothing tells."""
    return guess_language(" ".join(text for text, _ in query.turns()), languages)


def _turn(text: str, weight: float, language: str | None, order: Sequence[str | None]) -> list[Word]:
    stop = STOPWORDS.get(language or "", frozenset())
    kept = [word for word in raw_words(text) if lower(word) not in stop]
    return [Word(word, weight, _forms(lower(word), order)) for word in kept]


def _forms(word: str, languages: Sequence[str | None]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(stems_of(word, language)) for language in languages))


def ask(
    turns: Sequence[Sequence[Word]], statistics: Statistics, language: str | None, answered: str = ""
) -> Question:
    """The question's vectors, once it is known how rare its terms are. `language` is the question's, `answered` what
    was written before it.
    """
    terms: dict[int, float] = defaultdict(float)
    pairs: dict[int, float] = defaultdict(float)
    dense: dict[str, float] = defaultdict(float)
    for turn in turns:
        _add_words(dense, turn, statistics)
        weighted = [each for word in turn for each in word.searched(statistics)]
        for term, weight in weighted:
            terms[number(term)] += weight * statistics.idf(number(term))
        for word in turn:
            if word.instead:
                terms[number(word.stem)] += word.weight * (1 - INSTEAD) * statistics.rarity_of(word.stem)
        for (first, weight), (second, _) in pairwise(weighted):
            pairs[number(f"{first} {second}")] += weight * PAIR_WEIGHT * statistics.pair_idf(first, second)
    meaning = following(answered, static_embedder().embed_words(dense))
    newest = frozenset(term for word in turns[0] for term, _ in word.searched(statistics))
    wording = Wording(language, _beginnings(turns, statistics), newest, meaning)
    dense_weight = SPELT_WEIGHT if is_spelt(dense) else DENSE_WEIGHT
    return Question(meaning, dict(terms), dict(pairs), wording, turns[0], dense_weight)


def is_spelt(said: Iterable[str]) -> bool:
    """Whether the embedder knows hardly more of these words than their letters."""
    words = [word for word in said if not SIGN.match(word)]
    return bool(words) and static_embedder().spells(words)


def following(answered: str, meaning: Vectors, weight: float = ANSWERED_WEIGHT) -> Vectors:
    """The vector of a question that follows an answer: a little of what was answered is meant, too."""
    if not answered:
        return meaning
    before = static_embedder().embed([" ".join(answered.split()[:ANSWERED_WORDS])])[0]
    return unit(meaning + weight * before)


def _beginnings(turns: Sequence[Sequence[Word]], statistics: Statistics) -> dict[str, float]:
    begins: dict[str, float] = defaultdict(float)
    for word in chain.from_iterable(turns):
        searched = word.searched(statistics)
        weight = sum(weight * statistics.idf(number(term)) for term, weight in searched)
        terms = [term for term, _ in searched]
        for one in (found := word.instead or beginning(lower(word.text), terms)):
            begins[one] += weight / len(found)
    return dict(begins)


def _add_words(dense: dict[str, float], turn: Sequence[Word], statistics: Statistics) -> None:
    for word in turn:
        rarity = statistics.rarity([number(term) for term in word.terms(statistics)])
        dense[word.text] += word.weight * rarity
