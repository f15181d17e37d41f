"""How well each unit of the passages answers a question: by its words, its meaning, and what it stands under."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.answering.definitions import defining
from app.answering.units import Unit

LEXICAL, SEMANTIC, CONTEXT = 0.65, 0.35, 0.8
HISTORY_WEIGHT = 0.33
# A passage counts for its score in the search, as a share of the best one's, to this power.
WORTH = 2.0
# What a word of the question says is told by how few of the units hold it, and by how few of all that the organisation
# knows; each to this power.
RARE_HERE, RARE_AT_ALL = 0.5, 0.5
# How much more the sentence counts that says what the question asks the meaning of.
DEFINITION = 3.0
# How much more a row of a table counts whose name is asked for word for word; one of fewer words may be so by chance.
NAMED, LEAST_NAME = 0.8, 3
ROW_NAME = re.compile(r"(?:\*\*(.+?)\*\*|`(.+?)`)(?: \(|: )")
# Words that ask rather than say what about: many a sentence holds them that has nothing to do with the question.
ASKING = (
    "support use using work need mean explain tell show describe possible know want help make give get there"
)
ASKING_WEIGHT = 0.35

POINTER = re.compile(
    r"(?:to learn (?:more|about)|for (?:an? )?(?:more|further|additional|detailed)|for [^.:!?]{1,150}\bsee "
    r"|learn more|see |click |check out|read more|refer to )",
    re.IGNORECASE,
)
# Data that no mark tells from text.
SCRAP = re.compile(r"[{}<>|\\=]|\":")
# More than so many of those among a hundred letters.
SCRAPS = 4
# A sentence that is longer is no sentence.
WALL = 600
CODE_SPAN = re.compile(r"`([^`]*)`")

Stems = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Measures:
    """How texts are compared: `stems` are a text's words; `similarity` is how like the first one each of the others is
    in meaning, 0..1; `rarity` is how much a stem says among all that the organisation knows (its idf).
    """

    stems: Stems
    similarity: Callable[[str, Sequence[str]], Sequence[float]]
    rarity: Callable[[str], float]


def scores(
    question: str, history: Sequence[str], candidates: list[Unit], worth: Sequence[float], measures: Measures
) -> tuple[dict[Unit, float], dict[Unit, float]]:
    """Each candidate's score; and the share of what was asked, by weight, that it holds in its own words, 0..1.

    `worth` is what each passage counts, as a share of what the first one does.
    """
    stems = measures.stems
    asked = " ".join([*history[-1:], question])
    said = [frozenset(stems(spoken(unit, asked))) for unit in candidates]
    under = [frozenset(stems(unit.context)) for unit in candidates]
    every = [one | other for one, other in zip(said, under, strict=True)]
    weights = _weights(question, history, every, measures)
    meanings = measures.similarity(asked, [f"{unit.context} {unit.text}" for unit in candidates])
    definition = defining(question)
    points, shares = {}, {}
    for unit, own, context, meaning in zip(candidates, said, under, meanings, strict=True):
        shares[unit] = _share(weights, own)
        lexical = shares[unit] + CONTEXT * _share(weights, context - own)
        told = DEFINITION if definition and definition.match(unit.text) else 1.0
        score = LEXICAL * lexical + SEMANTIC * max(0.0, meaning)
        named = _named(unit, weights, stems)
        shape = _shape(unit, whole=named == 1.0) * worth[unit.passage] ** WORTH
        points[unit] = score * told * (1 + NAMED * named**2) * shape
    return points, shares


def spoken(unit: Unit, asked: str) -> str:
    """The words of a unit. Those in code are names and not words, unless the question names them as they are."""
    if unit.kind == "code":
        return unit.text
    names = set(re.findall(r"[\w.-]+", asked.casefold()))

    def named(code: re.Match[str]) -> str:
        return " ".join(word for word in code[1].split() if word.casefold().strip("…,;:=") in names)

    return CODE_SPAN.sub(named, unit.text)


def _named(unit: Unit, weights: dict[str, float], stems: Stems) -> float:
    """How much of the name of a row is asked for, 0..1: of two that hold all that is asked, the shorter is meant."""
    name = ROW_NAME.match(unit.text) if unit.kind == "row" else None
    own = frozenset(stems(name[1] or name[2])) if name else frozenset[str]()
    return len(own & weights.keys()) / len(own) if len(own) >= LEAST_NAME else 0.0


def _share(weights: dict[str, float], own: frozenset[str]) -> float:
    return sum(weight for stem, weight in weights.items() if stem in own) / (sum(weights.values()) or 1.0)


def _weights(
    question: str, history: Sequence[str], documents: list[frozenset[str]], measures: Measures
) -> dict[str, float]:
    """What each stem of the question says about a unit: more where few units and few of all texts hold it, nothing
    where no unit does.
    """
    stems = measures.stems
    holders = Counter(stem for document in documents for stem in document)
    wanted = dict.fromkeys((stem for turn in history[-2:] for stem in stems(turn)), HISTORY_WEIGHT)
    wanted |= dict.fromkeys(stems(question), 1.0)
    for stem in wanted.keys() & stems(ASKING):
        wanted[stem] *= ASKING_WEIGHT
    known = {stem: weight for stem, weight in wanted.items() if holders[stem]}
    here = {stem: 1 + math.log(len(documents) / holders[stem]) for stem in known}
    return {
        stem: weight * here[stem] ** RARE_HERE * measures.rarity(stem) ** RARE_AT_ALL
        for stem, weight in known.items()
    }


def _shape(unit: Unit, *, whole: bool) -> float:
    """Code, scraps and pointers to other pages answer less often than sentences do, what leads to steps more.

    And a passage begins with what it is about. What is short is seldom an answer, but where it is the `whole` of one.
    """
    if unit.points:
        return 0.4
    if unit.kind == "code":
        return 0.7
    if POINTER.match(unit.text) or _is_scrap(unit):
        return 0.6
    length = 1.0 if whole else min(1.0, 0.4 + 0.08 * max(len(unit.text.split()), len(unit.text) / 8))
    return length * (1.15 if unit.leads else 1.0) * (1 - 0.015 * min(unit.position, 10))


def _is_scrap(unit: Unit) -> bool:
    """Whether it is data, the rest of a sentence that a cut has left behind, or no sentence for its length."""
    signs = len(SCRAP.findall(CODE_SPAN.sub("", unit.text)))
    cut = unit.kind == "sentence" and unit.position == 0 and unit.text[:1].islower()
    return cut or len(unit.text) > WALL or signs * 100 > len(unit.text) * SCRAPS
