"""What the assistant says in its own words, by language; English where a language is missing."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

Phrase = Literal[
    "greeting",
    "thanks",
    "goodbye",
    "bot",
    "help",
    "person",
    "unknown",
    "nothing_known",
    "trouble",
    "spent",
    "loop",
    "away",
    "back",
    "disagree",
    "again",
    "which",
    "or",
    "forbidden",
    "unsupported",
    "files",
]

PHRASES: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
DATES = tomllib.loads(Path(__file__).with_name("dates.toml").read_text("utf-8"))
# What ends with the offer of a person.
OFFERING: tuple[Phrase, ...] = ("unknown", "nothing_known", "trouble", "forbidden", "files")
OFFERS = {text for name in OFFERING for text in PHRASES[name].values()}
# What says nothing about any subject.
SAYINGS = {text for texts in PHRASES.values() for text in texts.values()}


def phrase(name: Phrase, language: str) -> str:
    texts = PHRASES[name]
    return texts.get(language, texts["en"])


def moment(at: datetime, language: str) -> str:
    """A day and a time of day, as they are told in a language; English where it is none of the known ones."""
    known = language if language in DATES["moment"] else "en"
    pattern: str = DATES["moment"][known]
    return pattern.format(at=at, weekday=DATES["weekdays"][known][at.weekday()])
