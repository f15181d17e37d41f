"""Answers that the organisation has written itself: given as they stand where just that was asked.

A near miss must not pass: what was asked may hold no word that the entry's question lacks, and little may be missing.
Embeddings alone cannot tell "delivery to Norway" from "delivery to Sweden".
"""

from collections.abc import Sequence

from app.knowledge.search import Passage
from ingest.embed import static_embedder
from ingest.lexical import guess_language, stems, words

# Of the entry's words so many must have been asked, and both must mean about the same.
SHARE = 0.75
LIKENESS = 0.85
# Among the best so many passages.
FIRST = 3
# Small words that turn a question round. Search leaves them out.
NEGATIONS = frozenset(
    {"not", "no", "never", "without", "cannot", "nicht", "kein", "keine", "nie", "ohne", "ne", "pas", "sans"}
    | {"jamais", "sin", "nunca", "fără", "nu", "не", "без", "không", "不", "没"}
)


def curated(question: str, passages: Sequence[Passage]) -> int | None:
    """The index of the passage whose entry answers just this question, None where none does."""
    asked_for = [
        (index, passage.question) for index, passage in enumerate(passages[:FIRST]) if passage.question
    ]
    return next((index for index, known in asked_for if _same(question, known)), None)


def _same(question: str, known: str) -> bool:
    language = guess_language(f"{question} {known}")
    asked, entry = frozenset(stems(question, language)), frozenset(stems(known, language))
    if not asked or _turned(question) != _turned(known):
        return words(question) == words(known)
    return asked == entry or (asked < entry and len(asked) >= SHARE * len(entry) and _alike(question, known))


def _turned(text: str) -> frozenset[str]:
    return NEGATIONS.intersection(words(text))


def _alike(one: str, other: str) -> bool:
    first, second = static_embedder().embed([one, other])
    return float(first @ second) >= LIKENESS
