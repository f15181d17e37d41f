"""A question that fits several things equally: which of them is meant is asked, in place of a guess.

Asked only where it is plain: the question is a word or two, several places hold them in much the same sentence, what
tells those places apart is their headings, and nothing that was said names one of them.
"""

from collections.abc import Sequence
from functools import partial
from itertools import combinations

from app.answering.markdown import inline
from app.answering.phrases import PHRASES
from app.answering.scoring import ASKING, Stems, spoken
from app.answering.units import Unit, units
from app.conversations.asked import Turn
from app.knowledge.search import Passage
from ingest.lexical import guess_language, stems

# More content words than these narrow a question down.
MOST_ASKED = 2
MOST_CHOICES = 3
CONSIDERED = 6
LONGEST_NAME = 60
# So much of what two places say besides what was asked must be the same, measured on the shorter.
ALIKE = 0.5
# What is no sentence about anything.
NO_STATEMENT = ("label", "code")
# What asks how much of something is wanted, and not of what.
MEASURING = "much many long far often wie viel viele lange combien cuánto cuánta"


def choices(question: str, history: Sequence[str], passages: Sequence[Passage]) -> list[str]:
    """The names of two or three things that the question may mean; none where it is plain enough."""
    terms = partial(stems, language=guess_language(question))
    asked = frozenset(terms(question)) - frozenset(terms(f"{ASKING} {MEASURING}"))
    if not 1 <= len(asked) <= MOST_ASKED:
        return []
    said = [
        (passage, unit)
        for passage in passages[:CONSIDERED]
        if (unit := _saying(passage, question, asked, terms))
    ]
    besides = [(passage, frozenset(terms(unit.text)) - asked) for passage, unit in said]
    alike = [passage for passage, says in besides if _alike(says, besides[0][1])]
    names = _names([_path(passage) for passage in alike])[:MOST_CHOICES]
    known = frozenset(stem for text in (question, *history) for stem in terms(text))
    named = any(known & frozenset(terms(name)) for name in names)
    return names if len(names) > 1 and not named and _differ(names, terms) else []


def completed(question: str, history: Sequence[Turn]) -> str:
    """A question with what was asked back for it."""
    if len(history) < 2 or not _asks_which(history[-1].text):  # noqa: PLR2004
        return question
    earlier = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
    return f"{earlier} {question}"


def _asks_which(text: str) -> bool:
    parts = (pattern.split("{choices}") for pattern in PHRASES["which"].values())
    return any(text.startswith(before) and text.endswith(after) for before, after in parts)


def _saying(passage: Passage, question: str, asked: frozenset[str], terms: Stems) -> Unit | None:
    """The first sentence of a passage that holds all that was asked for."""
    found = units(0, passage.text, passage.headings)
    statements = (unit for unit in found if unit.kind not in NO_STATEMENT and not unit.asks)
    return next((unit for unit in statements if asked <= frozenset(terms(spoken(unit, question)))), None)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and bool(other) and len(one & other) >= ALIKE * min(len(one), len(other))


def _differ(names: Sequence[str], terms: Stems) -> bool:
    """Whether each name says something that no other one does: "Returns" and "About returns" are no choice."""
    said = [frozenset(terms(name)) for name in names]
    return not any(one <= other or other <= one for one, other in combinations(said, 2))


def _path(passage: Passage) -> tuple[str, ...]:
    titled = (
        passage.headings
        if passage.title in (None, *passage.headings[:1])
        else (passage.title, *passage.headings)
    )
    return tuple(inline(part or "") for part in titled or (passage.document_name,))


def _names(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """What tells places apart: the first level of their headings on which no two are the same."""
    if len(paths) < 2:  # noqa: PLR2004
        return []
    for level in range(min(map(len, paths))):
        names = [path[level] for path in paths]
        if all(one != other for one, other in combinations(names, 2)):
            return names if all(0 < len(name) <= LONGEST_NAME for name in names) else []
    return []
