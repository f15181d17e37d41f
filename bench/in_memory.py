"""A corpus in memory, as the benchmarks that vary the arithmetic of search need it."""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.knowledge.evaluation_set import Corpus, chunks_of
from app.knowledge.indexing import headings_above
from app.knowledge.unheard import guesses, half, may_be_asked, may_stand_in
from ingest.chunk import SIZE_TOKENS
from ingest.embed import static_embedder
from ingest.language import detect
from ingest.lexical import lower, number, raw_words, settle_language, stems, stems_of
from ingest.stopwords import STOPWORDS

Scores = NDArray[np.float64]
Postings = dict[str, tuple[NDArray[np.int64], Scores]]


@dataclass
class Index:
    """A corpus in memory: what the tables of app/knowledge hold."""

    corpus: Corpus
    language: str | None
    entry: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    inside: list[list[str]] = field(default_factory=list)
    above: list[list[str]] = field(default_factory=list)
    dense: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 256), np.float32))
    terms: Postings = field(default_factory=dict)
    pairs: Postings = field(default_factory=dict)
    lengths: Scores = field(default_factory=lambda: np.zeros(0))
    words: list[str] = field(default_factory=list)
    total: int = 0

    @classmethod
    def of(cls, corpus: Corpus, size_tokens: int = SIZE_TOKENS) -> "Index":
        sample = "\n".join(entry.text for entry in corpus.entries[:20])
        index = cls(corpus, corpus.entries[0].lang or settle_language(sample, detect(sample)))
        for entry in corpus.entries:
            for chunk in chunks_of(entry, index.language, size_tokens=size_tokens):
                index.texts.append(chunk.text)
                index.titles.append(entry.title)
                index.entry.append(entry.id)
                index.inside.append(stems(chunk.text, index.language))
                headings = headings_above(chunk, entry.title)
                index.above.append([stem for one in headings for stem in stems(one, index.language)])
        index.dense = static_embedder().embed(index.texts)
        index.pairs = postings([Counter(f"{a} {b}" for a, b in pairwise(one)) for one in index.inside])
        return index

    def weigh_headings(self, times: int) -> None:
        counts = [Counter(one + head * times) for one, head in zip(self.inside, self.above, strict=True)]
        self.terms = postings(counts)
        self.total = sum(len(rows) for rows, _ in self.terms.values())
        self.words = sorted(filter(may_stand_in, self.terms))
        self.lengths = np.array([count.total() for count in counts], float)

    def idf(self, term: str, background: float) -> float:
        found = len(self.terms[term][0]) if term in self.terms else 0
        return math.log(1 + (len(self.entry) + background - found + 0.5) / (found + 0.5))

    def instead(self, word: str, terms: Sequence[str]) -> Sequence[str]:
        """What stands in for a word that no text has (app/knowledge/unheard.py)."""
        stem = terms[0]
        if any(term in self.terms for term in terms) or not may_be_asked(stem):
            return ()
        begins = half(stem)
        alike = self.words[bisect_left(self.words, begins) : bisect_left(self.words, begins + "\U0010ffff")]
        guessed = guesses(stem, word, alike)
        return guessed.best(
            {number(one): len(self.terms[one][0]) for one in guessed.all if one in self.terms}
        )

    def share(self, term: str) -> float:
        return len(self.terms[term][0]) / self.total if term in self.terms else 0.0


def postings(counts: Sequence[Mapping[str, int]]) -> Postings:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, count in enumerate(counts):
        for term, times in count.items():
            found[term].append((row, times))
    return {
        term: (np.array([row for row, _ in rows]), np.array([times for _, times in rows], float))
        for term, rows in found.items()
    }


def content(text: str, language: str | None) -> Iterator[tuple[str, Sequence[str]]]:
    """Words that say something, each with its terms."""
    stop = STOPWORDS.get(language or "", frozenset())
    return ((word, stems_of(lower(word), language)) for word in raw_words(text) if lower(word) not in stop)
