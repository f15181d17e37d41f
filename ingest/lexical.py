"""Lexical vectors: the terms of a text, hashed, as BM25 wants them.

The document's side holds how strongly each term stands in a chunk, the question's side how rare each term
is; the inner product of both is BM25. Terms are stems by language; scripts that don't part their words
(Chinese, Japanese, Korean, Thai and their neighbours) give pairs of characters. Two terms that follow one
another are a pair, hashed likewise.

A chunk's weights don't depend on other chunks: lengths are measured against a fixed one rather than an
average that would drift with every upload. Chunks are cut to one size, so little is lost.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from threading import local
from zlib import crc32

import regex
import Stemmer

from ingest.stopwords import STOPWORDS

# Terms are numbered 0 ... DIMENSIONS - 1, which is what pgvector's sparsevec holds at most.
DIMENSIONS = 1_000_000_000

K1 = 1.75
B = 0.75
# The length, in terms, at which a chunk is neither favoured nor held back.
USUAL_LENGTH = 200
HEADING_WEIGHT = 2

UNPARTED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
# Letters and their marks: Hindi vowel signs are marks, and `\w` would cut words at them.
RUN = regex.compile(rf"[{UNPARTED}][{UNPARTED}\p{{M}}]*|[[\p{{L}}\p{{M}}\p{{N}}]--[{UNPARTED}]]+", regex.V1)
ASCII_RUN = re.compile(r"[a-z0-9]+")
IS_UNPARTED = regex.compile(rf"[{UNPARTED}]", regex.V1)
# What lower-casing makes of the Turkish capital İ.
DOTTED_I = "i\u0307"

# How many small words a language may lack against one that is not expected.
START = 1.5
# Characters that a document's language is settled by.
SETTLED_BY = 20_000

STEMS_REMEMBERED = 50_000
ALGORITHMS = """
    ar:arabic ca:catalan cs:czech da:danish de:german el:greek en:english es:spanish et:estonian eu:basque
    fi:finnish fr:french ga:irish hi:hindi hu:hungarian hy:armenian id:indonesian it:italian lt:lithuanian
    ne:nepali nl:dutch no:norwegian pl:polish pt:portuguese ro:romanian ru:russian fa:persian sr:serbian
    sv:swedish ta:tamil tr:turkish yi:yiddish
"""
STEMMERS = dict(pair.split(":") for pair in ALGORITHMS.split())


@dataclass(frozen=True, slots=True)
class Lexical:
    """A chunk's side of BM25: hashed term -> weight, and hashed pair of neighbours -> weight; and its terms as they are
    spelt.
    """

    terms: dict[int, float]
    pairs: dict[int, float]
    spelt: tuple[str, ...]


def lexical(text: str, language: str | None, headings: Sequence[str] = ()) -> Lexical:
    """A chunk's vectors. Its headings count as if they stood in it twice: the section says what "it" is."""
    inside = stems(text, language)
    above = [stem for heading in headings for stem in stems(heading, language)] * HEADING_WEIGHT
    terms, pairs = Counter(inside + above), Counter(pairs_of(inside))
    length = terms.total()
    return Lexical(_saturated(terms, length), _saturated(pairs, length), tuple(terms))


def _saturated(counts: Mapping[str, int], length: int) -> dict[int, float]:
    damping = K1 * (1 - B + B * length / USUAL_LENGTH)
    return {number(term): count * (K1 + 1) / (count + damping) for term, count in counts.items()}


def stems(text: str, language: str | None) -> list[str]:
    """The terms of a text in their order, without stop words."""
    stop = STOPWORDS.get(language or "", frozenset())
    return [stem for word in words(text) if word not in stop for stem in stems_of(word, language)]


def words(text: str) -> list[str]:
    """The words of a text, normalised and in lower case; runs of unparted scripts are one word each."""
    if text.isascii():  # the same, six times as fast
        return ASCII_RUN.findall(text.lower())
    return [lower(word) for word in raw_words(text)]


def guess_language(text: str, likely: Sequence[str] = ()) -> str | None:
    """The language whose small words stand most often in `text`; `likely` ones have a start, the first a little more.

    Good enough to stem a question or a line that is too short for a detector. None where nothing tells.
    """
    return _language_of(words(text), likely)


def _language_of(said: Iterable[str], likely: Sequence[str]) -> str | None:
    hits = dict.fromkeys([*likely, *STOPWORDS], 0.0) | dict.fromkeys(likely, START)
    having = _languages_with()
    for language in chain.from_iterable(having[word] for word in said if word in having):
        hits[language] += 1
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else None


@cache
def _languages_with() -> Mapping[str, Sequence[str]]:
    """Each small word, and the languages that have it."""
    having: dict[str, list[str]] = defaultdict(list)
    for language, small in STOPWORDS.items():
        for word in small:
            having[word].append(language)
    return having


def settle_language(text: str, detected: str | None) -> str | None:
    """What a detector said, unless another language's small words contradict it: lists and code mislead it. They do by
    how often they stand there and by how many they are: a name as Los Angeles is no Spanish, however often it is said.
    """
    if detected is not None and detected not in STOPWORDS:
        return detected
    said, likely = words(text[:SETTLED_BY]), (detected,) if detected else ()
    often = _language_of(said, likely)
    return often if detected is None or often == _language_of(set(said), likely) else detected


def raw_words(text: str) -> list[str]:
    """As `words`, with the letters' case as it was written."""
    found: list[str] = RUN.findall(unicodedata.normalize("NFKC", text))
    return found


def lower(word: str) -> str:
    return word.lower().replace(DOTTED_I, "i")


def stems_of(word: str, language: str | None) -> Sequence[str]:
    """One stem, or the pairs of characters of a script that doesn't part its words."""
    if IS_UNPARTED.match(word):
        return [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    stemmer = _stemmer(STEMMERS.get(language or "", ""))
    return (stemmer.stemWord(word),) if stemmer else (word,)


def pairs_of(terms: Iterable[str]) -> list[str]:
    return [f"{first} {second}" for first, second in pairwise(terms)]


def number(term: str) -> int:
    """The same for all processes and times; two of 100,000 terms rarely share one."""
    return crc32(term.encode()) % DIMENSIONS


# Stemmers remember what they have stemmed and may not be shared between threads.
_own = local()


def _stemmer(algorithm: str) -> Stemmer.Stemmer | None:
    if not algorithm:
        return None
    made = _own.__dict__
    if algorithm not in made:
        made[algorithm] = Stemmer.Stemmer(algorithm, STEMS_REMEMBERED)
    return made[algorithm]
