"""What others ask about documents and their passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.kit.db import scope
from app.knowledge.models import Chunk, Document, DocumentVersion
from app.knowledge.reading import WRITTEN
from app.knowledge.source_models import Source


@dataclass(frozen=True, slots=True)
class Listed:
    """A document with its newest version. `searchable`: a version of it is found, be it an earlier one."""

    document: Document
    version: DocumentVersion

    @property
    def searchable(self) -> bool:
        return self.document.current_version_id is not None


@dataclass(frozen=True, slots=True)
class Detail:
    """A document with its versions, newest first, and the chunks that search finds, in their order (the first ones)."""

    document: Document
    versions: Sequence[DocumentVersion]
    chunks: Sequence[Chunk]


async def list_documents(session: AsyncSession) -> list[Listed]:
    """All files that were uploaded, the latest changed first."""
    files = _listed(session).where(Document.source.not_in((*WRITTEN, "web")))
    rows = await session.execute(files.order_by(Document.updated_at.desc(), Document.id.desc()))
    return [Listed(row[0], row[1]) for row in rows]


async def listed_document(session: AsyncSession, document_id: UUID) -> Listed | None:
    row = (await session.execute(_listed(session).where(Document.id == document_id))).one_or_none()
    return Listed(row[0], row[1]) if row else None


def newest_versions(session: AsyncSession) -> ColumnElement[bool]:
    """Of the versions joined to their Document, the newest."""
    newer = aliased(DocumentVersion)
    newest = select(func.max(newer.number)).where(
        newer.org_id == scope(session), newer.document_id == Document.id
    )
    return DocumentVersion.number == newest.correlate(Document).scalar_subquery()


def _listed(session: AsyncSession) -> Select[Document, DocumentVersion]:
    return (
        select(Document, DocumentVersion)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(Document.org_id == scope(session), Document.deleted_at.is_(None))
        .where(newest_versions(session))
    )


async def document_detail(
    session: AsyncSession, document_id: UUID, *, limit: int | None = None
) -> Detail | None:
    """Everything about a document, with so many of its chunks; None where there is none (or it was deleted)."""
    listed = await listed_document(session, document_id)
    if listed is None:
        return None
    versions = select(DocumentVersion).where(
        DocumentVersion.org_id == scope(session), DocumentVersion.document_id == document_id
    )
    chunks = select(Chunk).where(Chunk.org_id == scope(session), Chunk.document_id == document_id)
    return Detail(
        listed.document,
        (await session.scalars(versions.order_by(DocumentVersion.number.desc()))).all(),
        (await session.scalars(chunks.order_by(Chunk.ordinal).limit(limit))).all(),
    )


async def latest_version(session: AsyncSession, document_id: UUID) -> DocumentVersion:
    query = (
        select(DocumentVersion)
        .where(DocumentVersion.org_id == scope(session), DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).one()


async def waiting_versions(session: AsyncSession) -> list[UUID]:
    """Versions that no worker has begun with, oldest first."""
    query = select(DocumentVersion.id).where(
        DocumentVersion.org_id == scope(session), DocumentVersion.state == "queued"
    )
    return list(await session.scalars(query.order_by(DocumentVersion.id)))


async def knowledge_head(session: AsyncSession) -> object:
    """Changes whenever any document or source does: the latest changes, and how many documents there are."""
    query = select(func.max(Document.updated_at), func.count()).where(
        Document.org_id == scope(session), Document.deleted_at.is_(None)
    )
    sources = select(func.max(Source.updated_at)).where(Source.org_id == scope(session))
    return (*(await session.execute(query)).one(), await session.scalar(sources))


async def published_head(session: AsyncSession) -> str:
    """Changes whenever what is searched does: how many documents there are, and when the latest version came in."""
    query = (
        select(func.count(), func.max(DocumentVersion.ready_at))
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .where(Document.org_id == scope(session), Document.deleted_at.is_(None))
    )
    documents, newest = (await session.execute(query)).one()
    return f"{documents} documents, the newest of {newest.isoformat() if newest else 'never'}"


async def neighbours(session: AsyncSession, chunk_id: UUID, before: int = 1, after: int = 1) -> list[Chunk]:
    """The chunk with those around it in its document, in their order; empty where it is gone."""
    here = aliased(Chunk)
    query = (
        select(Chunk)
        .join(here, here.version_id == Chunk.version_id)
        .where(Chunk.org_id == scope(session), here.org_id == scope(session), here.id == chunk_id)
        .where(Chunk.ordinal.between(here.ordinal - before, here.ordinal + after))
        .order_by(Chunk.ordinal)
    )
    return list(await session.scalars(query))
