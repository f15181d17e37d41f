"""Documents, indexed the way a worker does it."""

from uuid import UUID

from app.kit.db import Database
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.models import Document
from app.knowledge.queries import latest_version


async def index_document(
    database: Database, org_id: UUID, name: str, content: bytes, *, url: str | None = None
) -> Document:
    """Adds a document and runs its job."""
    async with database.transaction(org_id) as session:
        document = await add_document(session, name=name, content=content, added_by=None, url=url)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id)
    return document
