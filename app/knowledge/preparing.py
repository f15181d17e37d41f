"""A question made ready for search: its vectors, by what the organisation's texts say about its words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np

from app.kit.db import Transaction, driver_connection, scope
from app.knowledge.embedders import Active
from app.knowledge.question import Query, Question, Statistics, Word, ask, language_of, read
from app.knowledge.unheard import ALIKE, LONGER, guesses, half, unheard
from ingest.lexical import number

# Of an endpoint's embeddings, against words. Measured on four English sets with one small model, all-MiniLM-L6-v2
# (bench/endpoint_weight.py, decision 13): from 0.6 to 1.0 the figures are alike, above they fall.
ENDPOINT_WEIGHT = 0.8

# The array is made anew, so that the plan does not depend on how many terms there are, and is made once.
FREQUENCIES = """
    SELECT coalesce(array_agg(ARRAY[term, chunks]), '{}') FROM corpus_term
    WHERE org_id = $1 AND term = ANY(ARRAY(SELECT unnest($2::int[]))) AND chunks > 0
"""
OF_ALL = """
    SELECT coalesce(sum(chunks), 0)::bigint, coalesce(sum(terms), 0)::bigint,
           coalesce(array_agg(language ORDER BY chunks DESC), '{}'),
           EXISTS (SELECT FROM large_index WHERE org_id = $1 AND state = 'ready'),
           (SELECT ROW(embedder, dimensions) FROM search_index WHERE org_id = $1),
           (%s)
    FROM corpus WHERE org_id = $1 AND chunks > 0
"""
STATISTICS = OF_ALL % FREQUENCIES

# The languages that organisations' texts were in when this process last looked, and of how many it remembers that.
MOST_ORGANISATIONS = 10_000
_LANGUAGES: dict[UUID, list[str]] = {}


async def prepare(session: Transaction, query: Query) -> tuple[Question, Statistics]:
    """The question's vectors, by how rare its words are in the organisation's texts. Which forms of them those may
    hold depends on their languages: they are looked up by the languages of before, and again where those are others.
    """
    connection, org_id = await driver_connection(session), scope(session)
    likely = _LANGUAGES.get(org_id, [])
    turns = _turns(query, likely)
    row = await connection.fetchrow(STATISTICS, org_id, _numbers(turns))
    chunks, total, languages, large, index, frequency = row
    if languages != likely:
        _remember(org_id, languages)
        turns = _turns(query, languages)
        frequency = await connection.fetchval(FREQUENCIES, org_id, _numbers(turns))
    active = Active(*index) if index else Active()
    statistics = Statistics(chunks, total, dict(frequency), large, languages, active)
    turns, statistics = await _stood_in(connection, org_id, turns, statistics)
    answered = query.answered if query.written else ""
    question = ask(turns, statistics, language_of(query, languages), answered)
    if not active.is_static:
        question = replace(
            question, dense=np.zeros(active.dimensions, np.float32), dense_weight=ENDPOINT_WEIGHT
        )
    return question, statistics


async def _stood_in(
    connection: Any, org_id: UUID, turns: list[list[Word]], statistics: Statistics
) -> tuple[list[list[Word]], Statistics]:
    """The turns, where words that no text has know what stands in for them; and how frequent that is."""
    asked = unheard(turns, statistics)
    if not asked:
        return turns, statistics
    halves = [half(stem) for stem in asked]
    alike: dict[str, list[str]] = dict(await connection.fetch(ALIKE, org_id, list(asked), halves, LONGER))
    guessed = {stem: guesses(stem, word, alike.get(stem, ())) for stem, word in asked.items()}
    looked_up = [number(one) for each in guessed.values() for one in each.all]
    frequency = dict(await connection.fetchval(FREQUENCIES, org_id, looked_up))
    instead = {stem: each.best(frequency) for stem, each in guessed.items()}
    known = replace(statistics, frequency={**statistics.frequency, **frequency})
    return [[replace(word, instead=instead.get(word.stem, ())) for word in turn] for turn in turns], known


def _turns(query: Query, languages: Sequence[str]) -> list[list[Word]]:
    return read(query, language_of(query, languages), languages)


def _numbers(turns: Sequence[Sequence[Word]]) -> list[int]:
    return [number(term) for turn in turns for word in turn for form in word.forms for term in form]


def _remember(org_id: UUID, languages: list[str]) -> None:
    if len(_LANGUAGES) >= MOST_ORGANISATIONS:
        _LANGUAGES.clear()
    _LANGUAGES[org_id] = languages
