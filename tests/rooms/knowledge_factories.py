"""Documents, indexed the way a worker does it."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.knowledge.documents import add_document
from app.knowledge.embedders import Models
from app.knowledge.indexing import index_version
from app.knowledge.models import Document
from app.knowledge.queries import latest_version
from app.knowledge.search import Query, search

# Sections as long as chunks, so that each becomes one.
FILLER = b"\n\nFurther remarks stand here, and there are many of them to read." * 18
HANDBOOK = b"# Returns\n\nParcels may be returned within thirty days." + FILLER
HANDBOOK += b"\n\n# Warranty\n\nThe warranty lasts two years." + FILLER
NEXT_EDITION = b"# Returns\n\nParcels may be returned within ninety days." + FILLER


async def index_document(
    database: Database,
    org_id: UUID,
    name: str,
    content: bytes,
    models: Models | None = None,
    *,
    url: str | None = None,
) -> Document:
    """Adds a document and runs its job."""
    async with database.transaction(org_id) as session:
        document = await add_document(session, name=name, content=content, added_by=None, url=url)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id, models or Models())
    return document


async def found(session: AsyncSession, question: str) -> list[str]:
    return [passage.text for passage in await search(session, Query(question))]


async def counts(session: AsyncSession) -> tuple[int, int, int]:
    """What the index says of itself: chunks, the sum of document frequencies, and what the vectors really hold."""
    chunks, terms = (
        await session.execute(text("SELECT coalesce(sum(chunks), 0), coalesce(sum(terms), 0) FROM corpus"))
    ).one()
    frequencies = await session.scalar(text("SELECT coalesce(sum(chunks), 0) FROM corpus_term"))
    rows = await session.scalar(text("SELECT count(*) FROM chunk_vector"))
    assert chunks == rows
    assert terms == frequencies
    return chunks, terms, rows
