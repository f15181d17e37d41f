"""Words that say nothing about what a text or a question is about, by language (ISO 639-1).

Rarity alone doesn't find them: a manual seldom says "how can I", its readers always do.
"""

import unicodedata
from pathlib import Path


def _read(lists: str) -> dict[str, frozenset[str]]:
    """Each language's words, which follow a line with its code and a colon."""
    found: dict[str, list[str]] = {}
    for word in unicodedata.normalize("NFKC", lists).split():
        if word.endswith(":"):
            found[word[:-1]] = []
        else:
            found[list(found)[-1]].append(word)
    return {language: frozenset(words) for language, words in found.items()}


STOPWORDS = _read((Path(__file__).parent / "stopwords.txt").read_text(encoding="utf-8"))
