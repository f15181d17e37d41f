"""Two places that say the same of the same thing, but with another number, or one of them with a "not"."""

import re
from collections.abc import Sequence

from app.answering.curated import NEGATIONS
from app.answering.scoring import Stems
from app.answering.units import Unit
from ingest.lexical import words

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Less said than this has too many meanings to be the same.
LEAST_STEMS = 3
# So much of the words must be the same, measured on the longer of the two.
SAME = 0.8


def contrary(
    asked: str, chosen: Sequence[Unit], candidates: Sequence[Unit], stems: Stems, *, limit: int
) -> list[Unit]:
    """Of the candidates, one from each further passage that says something else than what was chosen, each text once.

    What stands under the heading of another thing than the one that was asked for says nothing against it.
    """
    wanted = frozenset(stems(asked))
    found: list[Unit] = []
    for other in candidates:
        elsewhere = all(other.passage != known.passage for known in (*chosen, *found))
        said = any(other.text == known.text for known in found)
        if not elsewhere or said or len(found) == limit:
            continue
        around = frozenset(stems(_around(other) + other.text))
        if any(
            wanted & frozenset(stems(_around(unit))) <= around and disagree(unit, other, stems)
            for unit in chosen
        ):
            found.append(other)
    return found


def _around(unit: Unit) -> str:
    return " ".join((*unit.place, unit.context, ""))


def disagree(one: Unit, other: Unit, stems: Stems) -> bool:
    """Whether two units say different things in the same words."""
    numbers, others = _numbers(one.text), _numbers(other.text)
    denied = _denials(one.text) != _denials(other.text)
    if not denied and (numbers == others or not numbers or not others):
        return False
    if denied and numbers != others:
        return False
    said, says = _words(one, stems), _words(other, stems)
    longer = max(len(said), len(says))
    return min(len(said), len(says)) >= LEAST_STEMS and len(said & says) >= SAME * longer


def _numbers(text: str) -> frozenset[str]:
    return frozenset(NUMBER.findall(text))


def _denials(text: str) -> frozenset[str]:
    return NEGATIONS.intersection(words(text))


def _words(unit: Unit, stems: Stems) -> frozenset[str]:
    spoken = " ".join(word for word in NUMBER.sub(" ", unit.text).split() if word.casefold() not in NEGATIONS)
    return frozenset(stems(spoken))
