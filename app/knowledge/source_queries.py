"""What others ask about sources and their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.kit.db import scope
from app.knowledge.models import Document, DocumentVersion
from app.knowledge.source_models import Source, SourcePage


@dataclass(frozen=True, slots=True)
class Progress:
    """A source with its pages in this run: how many wait, and of all that are known how they stand."""

    source: Source
    waiting: int
    queued: int
    stored: int
    refused: int
    failed: int
    first: SourcePage | None

    @property
    def known(self) -> int:
        return self.stored + self.refused + self.failed


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page with the newest version of its document, if it has one."""

    page: SourcePage
    version: DocumentVersion | None


async def list_sources(session: AsyncSession) -> list[Progress]:
    """All sources, the newest first."""
    query = select(Source).where(Source.org_id == scope(session), Source.deleted_at.is_(None))
    sources = await session.scalars(
        query.order_by(Source.id.desc()).execution_options(populate_existing=True)
    )
    return [await progress(session, source) for source in sources]


async def source_of(session: AsyncSession, source_id: UUID) -> Progress | None:
    query = select(Source).where(
        Source.org_id == scope(session), Source.id == source_id, Source.deleted_at.is_(None)
    )
    source = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    return await progress(session, source) if source else None


async def progress(session: AsyncSession, source: Source) -> Progress:
    page = SourcePage
    queued = and_(page.queued_run == source.run, page.role == "page")

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    query = select(
        count(and_(queued, page.done_run < source.run)),
        count(queued),
        count(and_(page.role == "page", page.document_id.is_not(None))),
        count(page.state.in_(("refused", "same", "gone"))),
        count(page.state == "failed"),
    ).where(page.org_id == scope(session), page.source_id == source.id)
    waiting, all_queued, stored, refused, failed = (await session.execute(query)).one()
    first = await session.get(SourcePage, (source.id, source.address), populate_existing=True)
    return Progress(source, waiting, all_queued, stored, refused, failed, first)


async def pages_of(
    session: AsyncSession, source_id: UUID, *, only: Sequence[str] = (), limit: int | None = None
) -> list[ListedPage]:
    """Its pages, sitemaps first, then as they were found. `only`: in these states."""
    newer = aliased(DocumentVersion)
    newest = select(func.max(newer.number)).where(
        newer.org_id == scope(session), newer.document_id == SourcePage.document_id
    )
    query = (
        select(SourcePage, DocumentVersion)
        .outerjoin(Document, and_(Document.id == SourcePage.document_id, Document.deleted_at.is_(None)))
        .outerjoin(
            DocumentVersion,
            and_(
                DocumentVersion.document_id == Document.id,
                DocumentVersion.number == newest.correlate(SourcePage).scalar_subquery(),
            ),
        )
        .where(SourcePage.org_id == scope(session), SourcePage.source_id == source_id)
        .order_by(SourcePage.role.desc(), SourcePage.depth, SourcePage.added_at, SourcePage.url)
        .execution_options(populate_existing=True)
    )
    if only:
        query = query.where(SourcePage.state.in_(only))
    rows = await session.execute(query.limit(limit) if limit else query)
    return [ListedPage(row[0], row[1]) for row in rows]


async def source_of_document(session: AsyncSession, document_id: UUID) -> UUID | None:
    """The source that a page's document belongs to."""
    query = select(SourcePage.source_id).where(
        SourcePage.org_id == scope(session), SourcePage.document_id == document_id
    )
    return await session.scalar(query.limit(1))
