"""The wish for a person, heard in each language where a message is nothing else.

Not by whole sentences, of which there are too many, but by words: every one of a message has to be one of those that
such wishes are made of (wishes.toml), so that a question about persons, and a "not", are heard as well.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST = 160
UNPARTED = ("th", "zh")
# Letters that hold no accent of their own, but are written without theirs.
PLAIN = str.maketrans("ıđ", "id")


@dataclass(frozen=True)
class _Words:
    whole: re.Pattern[str]
    person: re.Pattern[str]
    someone: re.Pattern[str]
    wanted: re.Pattern[str]
    others: re.Pattern[str] | None
    topic: re.Pattern[str] | None

    def wish(self, said: str) -> bool:
        about = self.topic and self.topic.search(said)
        asked = said[: about.start()].rstrip(" ,") if about else ""
        return self._wished(said) or bool(self.wanted.search(asked) and self._wished(asked))

    def _wished(self, said: str) -> bool:
        if not self.whole.fullmatch(said) or (self.others and self.others.fullmatch(said)):
            return False
        somebody = self.someone.search(said) and self.wanted.search(said)
        return bool(self.person.search(said) or somebody)


def language_of_wish(said: str) -> str | None:
    """In which language a message (small letters, no punctuation) is the wish for a person; None where it is none."""
    if len(said) > LONGEST:
        return None
    said = _unaccented(said)
    return next((language for language, words in _WORDS.items() if words.wish(said)), None)


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(part for part in parts if unicodedata.category(part) != "Mn").translate(PLAIN)


def _words(language: str, told: dict[str, list[str]]) -> _Words:
    edge, end = ("", "") if language in UNPARTED else (r"(?<![^\s,])", r"(?![^\s,])")
    every = [*told["person"], *told["someone"], *told["wanted"], *told["around"], *_TOLD["any"]["around"]]

    def anywhere(pieces: Sequence[str]) -> re.Pattern[str]:
        return re.compile(f"{edge}(?:{_unaccented('|'.join(pieces))}){end}")

    longest_first = "|".join(sorted(map(_unaccented, every), key=len, reverse=True))
    # Each piece is taken once and for all, so that no message takes long.
    whole = re.compile(rf"(?:(?>(?:{longest_first}){end})[\s,]*)++")
    others = re.compile(_unaccented("|".join(told["others"]))) if "others" in told else None
    topic = anywhere(told["topic"]) if "topic" in told else None
    return _Words(
        whole, anywhere(told["person"]), anywhere(told["someone"]), anywhere(told["wanted"]), others, topic
    )


_TOLD: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_WORDS = {language: _words(language, told) for language, told in _TOLD.items() if language != "any"}
