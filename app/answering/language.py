"""Which language somebody writes in, as far as a reply of one sentence needs to know it."""

import re

from ingest.stopwords import STOPWORDS

# Scripts that settle the question, by the range of their letters.
SCRIPTS = {
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
}

# Courtesies tell as much as the small words of a language, and are often all that there is.
COURTESIES = {
    "de": "hallo danke bitte guten tag möchte ich",
    "en": "hi hello hey thanks please i",
    "es": "hola gracias quiero buenos días puedo",
    "fr": "bonjour merci veux puis-je peux",
    "ro": "salut mulțumesc vreau bună pot",
    "tr": "merhaba teşekkürler istiyorum",
    "vi": "xin chào cảm ơn muốn tôi",
}
LATIN = {
    language: STOPWORDS[language] | frozenset(COURTESIES.get(language, "").split())
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "ro", "tr", "vi")
}
# Letters beside figures are no word: an order's number, "ce89264c", is not French.
WORD = re.compile(r"\b[^\W\d_]+(?:['’-][^\W\d_]+)*\b")


def language_of(text: str, *, default: str = "en") -> str:
    """An ISO 639-1 code; `default` where nothing tells, or where it tells no less than any other."""
    letters = sum(char.isalpha() for char in text)
    for language, script in SCRIPTS.items():
        if len(script.findall(text)) * 3 > letters > 0:
            return language
    words = WORD.findall(text.casefold())
    scores = {language: sum(word in small for word in words) for language, small in LATIN.items()}
    best = max(scores, key=lambda language: (scores[language], language == default))
    return best if scores[best] else default
