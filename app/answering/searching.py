"""What a question finds, and whether that is enough to answer it.

A process that takes questions and answers them, too, looks ahead: it searches while the question is still on its way
through the database and the job queue. What was found so is a hint: an answer takes it where it asks the very same,
and searches where there is none. It is never older than the question.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.answering.clarifying import completed
from app.answering.phrases import SAYINGS
from app.answering.smalltalk import question_of, recognise
from app.conversations.asked import Turn, outlook
from app.kit.db import Database
from app.knowledge.embedders import Models
from app.knowledge.evidence import Evidence, evidence
from app.knowledge.finding import Found, find, find_at_once
from app.knowledge.question import Statistics
from app.knowledge.search import Passage, Query
from app.visitors.sessions import KnownVisitor

log = logging.getLogger(__name__)

PASSAGES = 8
# How long an answer may take to come for what was found ahead. Where more than a few are on their way there is no idle
# moment to search in, and what is not taken in time was searched in vain.
HELD_S = 5.0
MOST_HELD = 4


@dataclass(frozen=True, slots=True)
class Looked:
    """`statistics` are those of the question's words, `notes` say what search had to do without. There is no evidence
    where there is no passage.
    """

    query: Query
    passages: list[Passage]
    statistics: Statistics
    notes: tuple[str, ...] = ()
    evidence: Evidence | None = None


async def look(
    database: Database, models: Models, org_id: UUID, query: Query, asked: Query | None = None
) -> Looked:
    """`asked` is the question in the visitor's own words, where those of `query` are others."""
    return _weighed(query, await find(database, models, org_id, query, limit=PASSAGES), asked or query)


def _weighed(query: Query, found: Found, asked: Query) -> Looked:
    weighed = evidence(asked, found.passages) if found.passages else None
    return Looked(query, found.passages, found.statistics, found.notes, weighed)


def query_of(question: str, history: Sequence[Turn], *, written: bool) -> Query:
    """What the visitor asks, in their own words. `written`: a model has written the answers, if any."""
    return Query(question, asked_before(history), _answered_before(history), written=written)


def asked_before(history: Sequence[Turn]) -> tuple[str, ...]:
    """The visitor's earlier questions, oldest first."""
    said = (turn.text for turn in history if turn.role == "user")
    return tuple(text for text in said if recognise(text) is None)


def _answered_before(history: Sequence[Turn]) -> str:
    """The latest answer that was one."""
    said = (turn.text for turn in reversed(history) if turn.role != "user" and turn.text not in SAYINGS)
    return next(said, "")


class Ahead:
    """`has_model`: a model writes the answers."""

    def __init__(self, database: Database, models: Models, *, has_model: bool) -> None:
        self._database = database
        self._models = models
        self._has_model = has_model
        self._begun: dict[UUID, asyncio.Task[Looked | None]] = {}

    def begin(self, visitor: KnownVisitor, conversation_id: UUID, text: str) -> None:
        """The visitor is about to say `text`, in whichever conversation that is."""
        if len(self._begun) >= MOST_HELD:
            return
        task = asyncio.create_task(self._look(visitor, conversation_id, text))
        task.add_done_callback(_tell_trouble)
        self._begun[conversation_id] = task
        asyncio.get_running_loop().call_later(HELD_S, self._forget, conversation_id, task)

    async def take(self, conversation_id: UUID, query: Query) -> Looked | None:
        """What was found for the newest message, where that is what `query` asks and nothing went wrong."""
        task = self._begun.pop(conversation_id, None)
        if task is None:
            return None
        await asyncio.wait({task})
        looked = None if task.exception() else task.result()
        return looked if looked and looked.query == query else None

    async def _look(self, visitor: KnownVisitor, conversation_id: UUID, text: str) -> Looked | None:
        async with self._database.reading(visitor.org_id) as session:
            expected = await outlook(session, conversation_id, visitor_id=visitor.id, text=text)
            query = self._query(*expected) if expected else None
            if query is None:
                return None
            found = await find_at_once(session, self._models, query, limit=PASSAGES)
        if found is None:
            return await look(self._database, self._models, visitor.org_id, query)
        return _weighed(query, found, query)

    def _query(self, asked: Sequence[str], history: Sequence[Turn]) -> Query | None:
        """None for what is answered without a search."""
        question = question_of(asked)
        if not question.strip() or recognise(question):
            return None
        return query_of(completed(question, history), history, written=self._has_model)

    def _forget(self, conversation_id: UUID, task: "asyncio.Task[Looked | None]") -> None:
        if self._begun.get(conversation_id) is task:
            del self._begun[conversation_id]


def _tell_trouble(task: "asyncio.Task[Looked | None]") -> None:
    """Who answers searches again then, and says so if that fails, too."""
    if not task.cancelled() and (error := task.exception()):
        log.info("Looking ahead failed: %s", error)
