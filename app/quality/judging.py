"""Whether an answer is the right one: by its sources, by what it must and must not say, by whether it is one at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.answering.steps import Done, Why
from app.quality.models import GoldenQuestion

MARK = re.compile(r"\s?\[\d{1,3}\]")


@dataclass(frozen=True)
class Cited:
    """A document that an answer stands on, by all the names that it has."""

    names: Sequence[str]

    @property
    def name(self) -> str:
        return self.names[0]

    def is_called(self, wanted: str) -> bool:
        return any(_plain(wanted) in _plain(name) for name in self.names)


def cited(done: Done, why: Why) -> list[Cited]:
    """What the answer cites, each document once."""
    if not done.sources:
        return []
    passages = [why.passages[index] for index in why.cited]
    named = [tuple(filter(None, (passage.title, passage.document_name, passage.url))) for passage in passages]
    return [Cited(names) for names in dict.fromkeys(named)]


def faults(golden: GoldenQuestion, done: Done, sources: Sequence[Cited], failure: str | None) -> list[str]:
    """What is wrong with an answer, in sentences; nothing where it is right."""
    answered = done.outcome == "answered"
    if done.state != "complete":
        return [f"The answer broke off. {failure or ''}".strip()]
    if golden.declined:
        said = [] if not answered else ["Answered, and should have been declined."]
    elif not answered:
        said = [failure or "Declined, and should have been answered."]
    else:
        said = [*_missing_source(golden, sources), *_missing(golden, done.text)]
    return [*said, *_unwanted(golden, done.text)]


def _missing_source(golden: GoldenQuestion, sources: Sequence[Cited]) -> list[str]:
    wanted = golden.source
    if not wanted or any(source.is_called(wanted) for source in sources):
        return []
    instead = f"; it cites {', '.join(source.name for source in sources)}" if sources else ""
    return [f"Does not cite {wanted}{instead}."]


def _missing(golden: GoldenQuestion, text: str) -> list[str]:
    return [f"Does not say “{phrase}”." for phrase in golden.must_say if not _says(text, phrase)]


def _unwanted(golden: GoldenQuestion, text: str) -> list[str]:
    return [f"Says “{phrase}”." for phrase in golden.must_not_say if _says(text, phrase)]


def _says(text: str, phrase: str) -> bool:
    """As words of their own: an answer of 30 days does not say "3"."""
    said, wanted = _plain(MARK.sub("", text)), _plain(phrase)
    found = said.find(wanted)
    while found >= 0:
        end = found + len(wanted)
        if not (_joins(said, found) or _joins(said, end)):
            return True
        found = said.find(wanted, found + 1)
    return False


def _joins(text: str, at: int) -> bool:
    """Whether the letters before and after this place are one word, in a script that parts its words."""
    around = text[max(0, at - 1) : at + 1]
    return at > 0 and len(around) > 1 and around.isalnum() and max(around) < "\u0e00"


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").replace("`", "").replace("’", "'").casefold().split())
