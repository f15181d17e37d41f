"""Keeps with each answer why it says what it says."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.models import Answer
from app.answering.steps import Done, Why
from app.conversations.answers import OpenAnswer
from app.kit.clock import now
from app.kit.db import scope
from app.knowledge.search import Passage


async def keep(session: AsyncSession, opened: OpenAnswer, why: Why, done: Done) -> None:
    """Stores the answer's record; another attempt at the same message replaces it."""
    row = {
        "message_id": opened.message_id,
        "org_id": scope(session),
        "conversation_id": opened.conversation_id,
        "question": opened.question,
        "search_query": why.search_query,
        "passages": [_found(rank, passage, why) for rank, passage in enumerate(why.passages)],
        "evidence": why.evidence,
        "state": done.state,
        "outcome": done.outcome,
        "failure": why.failure,
        "model": why.model,
        "prompt_version": why.prompt_version,
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
