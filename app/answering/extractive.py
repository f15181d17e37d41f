"""Answers without a model: the best sentences of the best passages, quoted exactly and cited.

Every unit of the passages is scored against the question; the best one is taken with what it needs to be understood
(the sentence before it, the steps that it announces), then others that add something, until the answer is long
enough to help and short enough to be read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from app.answering.definitions import defining
from app.answering.disagreement import contrary
from app.answering.quotation import Quotation, written
from app.answering.scoring import POINTER, Measures, Stems, scores
from app.answering.units import Unit, units

MAX_SENTENCES = 4
MAX_CHARS = 700
MAX_LIST = 12
MAX_LIST_CHARS = 1500
# How many items are picked out of a list that is not taken whole.
MAX_PICKED = 5
# Those come this close to the best of them.
PICKED = 0.85
MAX_SOURCES = 3
# A further sentence must come this close to the best one, measured on the share of the best's score.
CLOSE = 0.7
# So does one of a further passage or section: what is said in one place reads best. At .85 a quarter of the answers had
# a second source, and two thirds of those were off the point.
ELSEWHERE = 0.93
# What stands beside a chosen one must come this close to that, to be taken along.
BESIDE = 0.5
REPEATED = 0.6
# An item that holds this share of what was asked is asked for.
ASKED_FOR = 0.25
# A sentence that holds less than this share of what was asked is quoted with its paragraph, up to so many characters.
FULL_ANSWER = 0.75
AROUND = 400
# A sentence that begins like this is not understood without the one before it.
DEPENDENT = re.compile(
    r"(?:it|its|this|that|these|those|they|then|also|however|otherwise|but|and|so|therefore|in this case|if so"
    r"|es|sie|er|dies|diese[rsnm]?|dann|auch|aber|sonst|daher|dabei"
    r"|il|elle|ils|elles|cela|cette|ces|ensuite|aussi|mais"
    r"|esto|eso|este|esta|estos|estas|luego|también|pero|además)\b",
    re.IGNORECASE,
)

# What says that there is something to come, without a colon at its end.
FOLLOWING = re.compile(r"\b(?:following|as follows|folgende[nmrs]?|suivante?s?|siguientes?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A passage as far as quoting it goes. `score` is that of the search, above 0."""

    text: str
    headings: tuple[str, ...] = ()
    score: float = 1.0


def quote(question: str, history: Sequence[str], passages: Sequence[Found], measures: Measures) -> Quotation:
    """The answer to `question` out of `passages` (best first); empty where nothing in them can be quoted."""
    every = [units(number, found.text, found.headings) for number, found in enumerate(passages)]
    candidates = [unit for of_passage in every for unit in of_passage if _answers(unit, of_passage)]
    if not candidates:
        return Quotation([], [])
    # A reranker's order is not that of the scores: what it puts first counts in full, and nothing counts more.
    worth = [min(1.0, found.score / passages[0].score) for found in passages]
    judged = _Judged(every, *scores(question, history, candidates, worth, measures), measures.stems)
    chosen = _choose(candidates, judged, follow=defining(question) is not None)
    said = [unit for unit in chosen if unit.passage == chosen[0].passage]
    asked = " ".join([*history[-1:], question])
    against = contrary(asked, said, candidates, measures.stems, limit=MAX_SOURCES - 1)
    return replace(written(said + against), torn=True) if against else written(chosen)


@dataclass(frozen=True)
class _Judged:
    """What there is to choose from: `every` passage's units, the candidates' scores, and how much each says."""

    every: list[list[Unit]]
    scores: dict[Unit, float]
    shares: dict[Unit, float]
    stems: Stems

    def around(self, unit: Unit) -> list[Unit]:
        return self.every[unit.passage]

    def score(self, unit: Unit) -> float:
        return self.scores.get(unit, 0.0)


def _answers(unit: Unit, around: list[Unit]) -> bool:
    """Labels and questions do not, nor does the announcement of something that the passage leaves out."""
    return unit.kind != "label" and not unit.asks and not (unit.leads and unit is around[-1])


def _choose(candidates: list[Unit], judged: _Judged, *, follow: bool) -> list[Unit]:
    ranked = sorted(candidates, key=lambda unit: -judged.score(unit))
    best = judged.score(ranked[0])
    chosen: list[Unit] = []
    for unit in ranked:
        here = any(_section(other) == _section(unit) for other in chosen) or not chosen
        if judged.score(unit) < best * CLOSE or best == 0.0 or not _room(chosen):
            break
        if not here and (judged.score(unit) < best * ELSEWHERE or not _may_cite(chosen)):
            continue
        if unit not in chosen and not _repeats(unit, chosen, judged.stems):
            company = _with_company(unit, judged, best * CLOSE, follow=follow)
            chosen += [part for part in company if part not in chosen]
    return _in_order(chosen, [unit for unit in ranked if unit in chosen])


def _in_order(chosen: list[Unit], best_first: list[Unit]) -> list[Unit]:
    """As it reads: passages, and the sections of each, by the best in them; what stands in one, as it stands there."""
    passages = list(dict.fromkeys(unit.passage for unit in best_first))
    sections = list(dict.fromkeys(map(_section, (*best_first, *chosen))))

    def order(unit: Unit) -> tuple[int, int, int]:
        return passages.index(unit.passage), sections.index(_section(unit)), unit.position

    return sorted(chosen, key=order)


def _section(unit: Unit) -> tuple[int, tuple[str, ...]]:
    return unit.passage, unit.place


def _room(chosen: list[Unit]) -> bool:
    spoken = [unit for unit in chosen if unit.kind == "sentence"]
    return len(spoken) < MAX_SENTENCES and sum(len(unit.text) for unit in chosen) < MAX_CHARS


def _may_cite(chosen: list[Unit]) -> bool:
    return len({other.passage for other in chosen}) < MAX_SOURCES


def _repeats(unit: Unit, chosen: list[Unit], stems: Stems) -> bool:
    own = frozenset(stems(unit.text))
    others = (frozenset(stems(other.text)) for other in chosen)
    return any(len(own & other) > REPEATED * min(len(own), len(other)) for other in others if other and own)


def _with_company(unit: Unit, judged: _Judged, least: float, *, follow: bool) -> list[Unit]:
    """The unit with the neighbours without which it would not be understood."""
    if unit.kind in ("item", "row"):
        return _from_list(unit, judged, least)
    around = judged.around(unit)
    before = around[unit.position - 1] if unit.position else None
    company = _since_lead(unit, around)
    if company == [unit] and before and before.kind in ("sentence", "item") and _needs(unit, before):
        company = [before, unit]
    company += _announced(unit, judged, least)
    if any(other.kind != "sentence" or other.leads for other in company):
        return company
    if judged.shares[unit] < FULL_ANSWER:
        return _with_paragraph(company, around)
    return company + _following(company, around)[:1] if follow else company


def _with_paragraph(company: list[Unit], around: list[Unit]) -> list[Unit]:
    """What says only a part of what was asked comes with what stands after it and before it, while that is short."""
    for beside in (_following(company, around), _preceding(company, around)):
        for other in beside:
            if sum(len(unit.text) for unit in (*company, other)) > AROUND:
                break
            company = [*company, other]
    return sorted(company, key=lambda unit: unit.position)


def _following(company: list[Unit], around: list[Unit]) -> list[Unit]:
    last = company[-1]
    return list(takewhile(partial(_goes_on, last), around[last.position + 1 :]))


def _preceding(company: list[Unit], around: list[Unit]) -> list[Unit]:
    """The nearest first."""
    first = company[0]
    return list(takewhile(partial(_goes_on, first), reversed(around[: first.position])))


def _goes_on(unit: Unit, other: Unit) -> bool:
    """Whether `other` is told in the same breath, and no question, announcement or pointer."""
    told = other.kind == "sentence" and not other.asks and not other.leads and not POINTER.match(other.text)
    return told and other.block == unit.block


def _needs(unit: Unit, before: Unit) -> bool:
    """Whether the unit is not understood without the sentence before it."""
    leans = abs(before.block) == abs(unit.block) and DEPENDENT.match(unit.text) is not None
    return leans or (unit.kind == "code" and before.kind == "sentence")


def _since_lead(unit: Unit, around: list[Unit]) -> list[Unit]:
    """With the lines above it as far as the one that says what they are of ("Over ten tons:"), if there is one near."""
    for other in reversed(around[max(0, unit.position - MAX_SENTENCES + 1) : unit.position]):
        if unit.kind != "sentence" or other.block != unit.block or not (other.leads or other.is_line):
            break
        if other.leads:
            return around[other.position : unit.position + 1]
    return [unit]


def _announced(unit: Unit, judged: _Judged, least: float) -> list[Unit]:
    """The list, table or code that a sentence leads to or speaks of; code below it, if it is about the question."""
    after = judged.around(unit)[unit.position + 1 :]
    if unit.kind != "sentence" or not after:
        return []
    speaks = FOLLOWING.search(unit.text) is not None
    code = after[0].kind == "code" and (speaks or judged.score(after[0]) >= least * BESIDE)
    if not (unit.leads or code):
        return _listed(unit, judged) if speaks else []
    length = MAX_LIST if after[0].kind in ("item", "row", "code") else MAX_SENTENCES - 1
    here = takewhile(lambda other: abs(other.block) == abs(after[0].block), after)
    same = [other for other in here if other.block == after[0].block]
    leads = list(takewhile(lambda other: other.leads, same))
    return leads + list(takewhile(lambda other: not other.leads, same[len(leads) :]))[:length]


def _listed(unit: Unit, judged: _Judged) -> list[Unit]:
    """Of the list that a sentence speaks of without leading to it: what is asked for, or all where that is brief."""
    after = judged.around(unit)[unit.position + 1 :]
    between = list(takewhile(lambda other: other.block == unit.block, after))
    below = takewhile(lambda other: other.kind in ("item", "label"), after[len(between) :])
    items = [other for other in below if other.kind == "item"]
    asked = [item for item in items if judged.shares.get(item, 0.0) >= ASKED_FOR][:MAX_PICKED]
    named = asked or (items if _is_brief(items) else [])
    return between[: MAX_SENTENCES - 1] + named if named else []


def _is_brief(listed: list[Unit]) -> bool:
    return len(listed) <= MAX_LIST and sum(len(unit.text) for unit in listed) <= MAX_LIST_CHARS


def _from_list(unit: Unit, judged: _Judged, least: float) -> list[Unit]:
    """Steps are taken whole, and so is a short list about the question; of others only what comes close."""
    around = judged.around(unit)
    whole = [other for other in around if other.block == unit.block]
    first = whole[0].position
    lead = around[first - 1] if first and around[first - 1].leads else None
    announced = [lead] if lead else []
    wanted = lead is not None and judged.score(lead) >= least
    about_it = sum(map(judged.score, whole)) >= len(whole) * least * BESIDE
    if (_is_brief(whole) or unit.step) and unit.kind == "item" and (wanted or (unit.step and about_it)):
        return announced + whole
    least = max(least, judged.score(unit) * PICKED)
    close = [other for other in whole if other is unit or judged.score(other) >= least]
    best = sorted(close, key=lambda other: -judged.score(other))[:MAX_PICKED]
    return announced + sorted(best, key=lambda other: other.position)
