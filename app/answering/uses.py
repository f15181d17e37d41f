"""What documents were good for: the questions that they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.models import Answer
from app.kit.db import scope

# How far back is looked; a page that is opened should not read years.
LATEST = 1_000
CITED = "$[*] ? (@.document == $document && @.n != null)"


@dataclass(frozen=True, slots=True)
class Answered:
    question: str
    conversation_id: UUID
    at: datetime


async def questions_answered_from(
    session: AsyncSession, document_id: UUID, *, limit: int = 20
) -> Sequence[Answered]:
    """Questions whose answers cite the document, of the latest thousand answers; the newest first."""
    latest = (
        select(Answer)
        .where(Answer.org_id == scope(session), Answer.outcome == "answered")
        .order_by(Answer.created_at.desc())
        .limit(LATEST)
        .subquery()
    )
    named = func.jsonb_build_object("document", str(document_id))
    query = (
        select(latest.c.question, latest.c.conversation_id, latest.c.created_at)
        .where(func.jsonb_path_exists(latest.c.passages, cast(CITED, JSONPATH), named))
        .order_by(latest.c.created_at.desc())
        .limit(limit)
    )
    return [Answered(*row) for row in await session.execute(query)]
