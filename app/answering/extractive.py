"""Answers without a model: the best sentences of the best passages, quoted exactly and cited.

Every unit of the passages is scored against the question; the best one is taken with what it needs to be understood
(the sentence before it, the steps that it announces), then others that add something, until the answer is long
enough to help and short enough to be read.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.answering.definitions import defining
from app.answering.units import Unit, units

MAX_SENTENCES = 4
MAX_CHARS = 700
MAX_LIST = 12
# How many items are picked out of a list that is not taken whole.
MAX_PICKED = 5
MAX_SOURCES = 3
# A further sentence must come this close to the best one, measured on the share of the best's score.
CLOSE = 0.7
# What stands beside a chosen one must come this close to that, to be taken along.
BESIDE = 0.5
REPEATED = 0.6
LEXICAL, SEMANTIC, CONTEXT = 0.65, 0.35, 0.4
HISTORY_WEIGHT = 0.33
# How much less the next passage counts than the one before.
RANK_DISCOUNT = 0.12
# How much more the sentence counts that says what the question asks the meaning of.
DEFINITION = 3.0

# A sentence that begins like this is not understood without the one before it.
DEPENDENT = re.compile(
    r"(?:it|its|this|that|these|those|they|then|also|however|otherwise|but|and|so|therefore|in this case|if so"
    r"|es|sie|er|dies|diese[rsnm]?|dann|auch|aber|sonst|daher|dabei"
    r"|il|elle|ils|elles|cela|cette|ces|ensuite|aussi|mais"
    r"|esto|eso|este|esta|estos|estas|luego|también|pero|además)\b",
    re.IGNORECASE,
)

POINTER = re.compile(
    r"(?:to learn more|for (?:more|further)|learn more|see |click |check out|read more)", re.IGNORECASE
)

Stems = Callable[[str], Sequence[str]]
Similarity = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True)
class Quotation:
    """`pieces` are what is streamed, one after another; `used` the passages (from 0) behind [1], [2], …"""

    pieces: list[str]
    used: list[int]

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Found:
    """A passage as far as quoting it goes."""

    text: str
    headings: tuple[str, ...] = ()


def quote(
    question: str, history: Sequence[str], passages: Sequence[Found], *, stems: Stems, similarity: Similarity
) -> Quotation:
    """The answer to `question` out of `passages` (best first); empty where nothing in them can be quoted."""
    every = [units(number, found.text, found.headings) for number, found in enumerate(passages)]
    candidates = [unit for of_passage in every for unit in of_passage if _answers(unit, of_passage)]
    if not candidates:
        return Quotation([], [])
    scores = _scores(question, history, candidates, stems, similarity)
    return _write(_choose(candidates, scores, every, stems))


def _answers(unit: Unit, around: list[Unit]) -> bool:
    """Labels and questions do not, nor does the announcement of something that the passage leaves out."""
    return unit.kind != "label" and not unit.asks and not (unit.leads and unit is around[-1])


def _scores(
    question: str, history: Sequence[str], candidates: list[Unit], stems: Stems, similarity: Similarity
) -> dict[Unit, float]:
    said = [frozenset(stems(unit.text)) for unit in candidates]
    under = [frozenset(stems(unit.context)) for unit in candidates]
    weights = _weights(
        question, history, [one | other for one, other in zip(said, under, strict=True)], stems
    )
    asked = " ".join([*history[-1:], question])
    meanings = similarity(asked, [f"{unit.context} {unit.text}" for unit in candidates])
    total = sum(weights.values()) or 1.0
    definition = defining(question)
    scores = {}
    for unit, own, context, meaning in zip(candidates, said, under, meanings, strict=True):
        lexical = sum(weight for stem, weight in weights.items() if stem in own)
        lexical += CONTEXT * sum(weight for stem, weight in weights.items() if stem in context - own)
        score = LEXICAL * lexical / total + SEMANTIC * max(0.0, meaning)
        told = DEFINITION if definition and definition.match(unit.text) else 1.0
        scores[unit] = score * told * _shape(unit) / (1 + RANK_DISCOUNT * unit.passage)
    return scores


def _weights(
    question: str, history: Sequence[str], documents: list[frozenset[str]], stems: Stems
) -> dict[str, float]:
    """What each stem of the question says about a unit: more where few units hold it, nothing where none does."""
    holders = Counter(stem for document in documents for stem in document)
    wanted = dict.fromkeys((stem for turn in history[-2:] for stem in stems(turn)), HISTORY_WEIGHT)
    wanted |= dict.fromkeys(stems(question), 1.0)
    known = {stem: weight for stem, weight in wanted.items() if holders[stem]}
    return {stem: weight * (1 + math.log(len(documents) / holders[stem])) for stem, weight in known.items()}


def _shape(unit: Unit) -> float:
    """Code, scraps and pointers to other pages answer less often than sentences do, what leads to steps more.

    And a passage begins with what it is about.
    """
    if unit.kind == "code" or POINTER.match(unit.text):
        return 0.7
    length = min(1.0, 0.4 + 0.08 * max(len(unit.text.split()), len(unit.text) / 8))
    return length * (1.15 if unit.leads else 1.0) * (1 - 0.015 * min(unit.position, 10))


def _choose(
    candidates: list[Unit], scores: dict[Unit, float], every: list[list[Unit]], stems: Stems
) -> list[Unit]:
    ranked = sorted(candidates, key=lambda unit: -scores[unit])
    least = scores[ranked[0]] * CLOSE
    chosen: list[Unit] = []
    for unit in ranked:
        if scores[unit] < least or scores[unit] == 0.0 or not _room(chosen):
            break
        if unit in chosen or _repeats(unit, chosen, stems) or not _may_cite(unit, chosen):
            continue
        company = _with_company(unit, every[unit.passage], scores, least)
        chosen += [part for part in company if part not in chosen]
    best_first = list(dict.fromkeys(unit.passage for unit in ranked if unit in chosen))
    return sorted(chosen, key=lambda unit: (best_first.index(unit.passage), unit.position))


def _room(chosen: list[Unit]) -> bool:
    spoken = [unit for unit in chosen if unit.kind == "sentence"]
    return len(spoken) < MAX_SENTENCES and sum(len(unit.text) for unit in chosen) < MAX_CHARS


def _may_cite(unit: Unit, chosen: list[Unit]) -> bool:
    cited = {other.passage for other in chosen}
    return unit.passage in cited or len(cited) < MAX_SOURCES


def _repeats(unit: Unit, chosen: list[Unit], stems: Stems) -> bool:
    own = frozenset(stems(unit.text))
    others = (frozenset(stems(other.text)) for other in chosen)
    return any(len(own & other) > REPEATED * min(len(own), len(other)) for other in others if other and own)


def _with_company(unit: Unit, around: list[Unit], scores: dict[Unit, float], least: float) -> list[Unit]:
    """The unit with the neighbours without which it would not be understood."""
    if unit.kind in ("item", "row"):
        return _from_list(unit, around, scores, least)
    before = around[unit.position - 1] if unit.position else None
    company = [unit]
    if before and before.kind == "sentence" and (unit.kind == "code" or _leans_on(unit, before)):
        company = [before, unit]
    return company + _announced(unit, around, scores, least)


def _leans_on(unit: Unit, before: Unit) -> bool:
    return before.block == unit.block and DEPENDENT.match(unit.text) is not None


def _announced(unit: Unit, around: list[Unit], scores: dict[Unit, float], least: float) -> list[Unit]:
    """The list, table or code that a sentence leads to; code that just follows it, where it is about the question."""
    after = around[unit.position + 1 :]
    follows = after and after[0].kind == "code" and scores.get(after[0], 0.0) >= least * BESIDE
    if not after or not (unit.leads or (follows and unit.kind == "sentence")):
        return []
    length = MAX_LIST if after[0].kind in ("item", "row", "code") else MAX_SENTENCES - 1
    return [other for other in after if other.block == after[0].block and not other.leads][:length]


def _from_list(unit: Unit, around: list[Unit], scores: dict[Unit, float], least: float) -> list[Unit]:
    """Steps are taken whole, and so is a short list about the question; of others only what comes close."""
    whole = [other for other in around if other.block == unit.block]
    first = whole[0].position
    lead = around[first - 1] if first and around[first - 1].leads else None
    announced = [lead] if lead else []
    wanted = lead is not None and scores.get(lead, 0.0) >= least
    about_it = sum(scores.get(other, 0.0) for other in whole) >= len(whole) * least * BESIDE
    if len(whole) <= MAX_LIST and unit.kind == "item" and (wanted or (unit.step and about_it)):
        return announced + whole
    close = [other for other in whole if other is unit or scores.get(other, 0.0) >= least]
    best = sorted(close, key=lambda other: -scores.get(other, 0.0))[:MAX_PICKED]
    return announced + sorted(best, key=lambda other: other.position)


def _write(chosen: list[Unit]) -> Quotation:
    used = list(dict.fromkeys(unit.passage for unit in chosen))
    pieces: list[str] = []
    last: Unit | None = None
    for unit, following in zip(chosen, [*chosen[1:], None], strict=False):
        mark = f" [{used.index(unit.passage) + 1}]" if _ends_quote(unit, following, last) else ""
        pieces.append(_between(last, unit) + _marker(unit, last, following) + _shown(unit, mark))
        last = unit
    return Quotation(pieces, used)


def _together(unit: Unit, other: Unit | None) -> bool:
    return other is not None and (other.passage, other.block) == (unit.passage, unit.block)


def _ends_quote(unit: Unit, following: Unit | None, last: Unit | None) -> bool:
    """A mark stands at the end of each run of quotes from one place, and before the list or code that they lead to."""
    if following is None or following.passage != unit.passage:
        return unit.kind != "code" or last is None or last.passage != unit.passage
    return unit.kind != following.kind and (unit.kind, following.kind) != ("code", "sentence")


def _between(last: Unit | None, unit: Unit) -> str:
    if last is None:
        return ""
    if last.passage == unit.passage and last.kind == unit.kind:
        return " " if unit.kind == "sentence" else "\n"
    return "\n\n"


def _marker(unit: Unit, last: Unit | None, following: Unit | None) -> str:
    """Steps keep their numbers where they follow one another; what was picked out of a list alone needs no bullet."""
    beside = [other for other in (last, following) if other and _together(unit, other)]
    if unit.kind not in ("item", "row") or not beside:
        return ""
    in_order = any(abs(other.position - unit.position) == 1 for other in beside)
    return f"{unit.step}. " if unit.step and in_order else "- "


def _shown(unit: Unit, mark: str) -> str:
    return f"{unit.text}\n{mark.strip()}".rstrip() if unit.kind == "code" else unit.text + mark
