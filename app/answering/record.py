"""Keeps with each answer why it says what it says."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.models import Answer
from app.answering.steps import Done, Why
from app.conversations.answers import OpenAnswer
from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import NotFound
from app.knowledge.search import Passage


class AnswerUnknown(NotFound):
    """There is no record of this answer: it is not the assistant's, or it is not finished yet."""

    code = "answer_unknown"
    title = "No such answer"


async def record_of(session: AsyncSession, message_id: UUID) -> Answer:
    """Why an answer says what it says. Raises AnswerUnknown."""
    query = select(Answer).where(Answer.org_id == scope(session), Answer.message_id == message_id)
    found = await session.scalar(query)
    if found is None:
        raise AnswerUnknown
    return found


async def keep(session: AsyncSession, opened: OpenAnswer, why: Why, done: Done) -> None:
    """Stores the answer's record; another attempt at the same message replaces it."""
    row = {
        "message_id": opened.message_id,
        "org_id": scope(session),
        "conversation_id": opened.conversation_id,
        "question": opened.question,
        "search_query": why.search_query,
        "passages": [_found(rank, passage, why) for rank, passage in enumerate(why.passages)],
        "evidence": why.evidence.value if why.evidence else None,
        "decision": why.decision,
        "state": done.state,
        "outcome": done.outcome,
        "failure": why.failure,
        "model": why.model,
        "prompt_version": why.prompt_version,
        "prompt": list(why.prompt),
        "tokens_in": why.tokens_in,
        "tokens_out": why.tokens_out,
        "cost_micros": why.cost_micros,
        "timings": why.timings,
        "created_at": now(),
    }
    statement = insert(Answer).values(row)
    await session.execute(statement.on_conflict_do_update(index_elements=["message_id"], set_=row))


def _found(rank: int, passage: Passage, why: Why) -> dict[str, Any]:
    return {
        "n": why.cited.index(rank) + 1 if rank in why.cited else None,
        "rank": rank + 1,
        "chunk": str(passage.chunk_id),
        "document": str(passage.document_id),
        "name": passage.document_name,
        "headings": list(passage.headings),
        "page": passage.page,
        "text": passage.text,
        "score": passage.score,
        "dense": passage.dense,
        "dense_rank": passage.dense_rank,
        "lexical": passage.lexical,
        "lexical_rank": passage.lexical_rank,
        "coverage": passage.coverage,
    }
