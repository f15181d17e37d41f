"""The organisation's questions and answers, for who answers with them as they are written."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import scope
from app.knowledge.models import Document, Written


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """`id` is the id of its document, too. `questions` are variants, the first of which names the entry.

    `language` is ISO 639-1, None where nobody has said it. `searchable`: it is found by search now.
    """

    id: UUID
    questions: tuple[str, ...]
    answer: str
    language: str | None
    active: bool
    searchable: bool


async def entries(session: AsyncSession, *, active: bool = True) -> list[FaqEntry]:
    """All entries, the oldest first; those switched off too unless `active`."""
    return await _read(session, *([Written.active.is_(True)] if active else []))


async def entry(session: AsyncSession, entry_id: UUID) -> FaqEntry | None:
    """The entry, if it is there and switched on."""
    found = await _read(session, Written.active.is_(True), Written.document_id == entry_id)
    return found[0] if found else None


async def asked_and_written(session: AsyncSession) -> list[tuple[str, datetime]]:
    """Every question that an entry in use answers, and when that was written last."""
    query = (
        select(Written.questions, Written.updated_at)
        .join(Document, Document.id == Written.document_id)
        .where(Written.org_id == scope(session), Written.kind == "faq", Written.active.is_(True))
        .where(Document.deleted_at.is_(None))
    )
    return [(question, at) for questions, at in await session.execute(query) for question in questions]


async def _read(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[FaqEntry]:
    query = (
        select(Written, Document.current_version_id)
        .join(Document, Document.id == Written.document_id)
        .where(Written.org_id == scope(session), Written.kind == "faq", Document.deleted_at.is_(None))
        .where(*conditions)
        .order_by(Written.document_id)
        .execution_options(populate_existing=True)
    )
    return [
        FaqEntry(
            one.document_id, tuple(one.questions), one.text, one.language, one.active, current is not None
        )
        for one, current in await session.execute(query)
    ]
