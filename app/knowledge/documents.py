"""Documents: added, replaced, deleted, tried again. What they hold is indexed by a job (app/knowledge/indexing.py)."""

from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.happenings import record
from app.kit.ids import new_id
from app.kit.jobs import enqueue
from app.kit.one_line import one_line
from app.knowledge import large
from app.knowledge.happenings import DocumentChanged
from app.knowledge.index_lock import lock_index
from app.knowledge.models import FILES, UNDER_WAY, Document, DocumentFile, DocumentVersion
from app.knowledge.publishing import retire
from app.knowledge.queries import latest_version

MEGABYTE = 1024 * 1024
MAX_NAME = 255


class DocumentUnknown(NotFound):
    """There is no such document; it may have been deleted."""

    code = "document_unknown"
    title = "Unknown document"


class DocumentEmpty(Invalid):
    """This file is empty. Check that the right file was chosen, and upload it again."""

    code = "document_empty"
    title = "Empty file"


class DocumentTooLarge(Invalid):
    """This file is too large. Split it into smaller files and upload those."""

    status = 413
    code = "document_too_large"
    title = "File too large"


class NothingToRetry(Conflict):
    """Only a document that failed can be tried again. Reload the page to see how it stands."""

    code = "nothing_to_retry"
    title = "Nothing to try again"


async def add_document(
    session: AsyncSession,
    *,
    name: str,
    content: bytes,
    added_by: UUID | None,
    source: str = "upload",
    url: str | None = None,
    limit: int | None = None,
) -> Document:
    """A new document, waiting to be indexed. The same content again is the document that is there already.

    `limit` is the largest size in bytes. Raises DocumentEmpty, DocumentTooLarge.
    """
    digest = _checked(content, limit)
    await _lock_content(session, digest)
    known = await document_with_content(session, content)
    if known is not None:
        return known
    return await create_document(
        session, name=_tidy(name), content=content, added_by=added_by, source=source, url=url
    )


async def create_document(
    session: AsyncSession,
    *,
    name: str,
    content: bytes,
    added_by: UUID | None,
    source: str,
    url: str | None = None,
) -> Document:
    """A new document, whatever others hold."""
    document = Document(
        id=new_id(), org_id=scope(session), name=name, source=source, url=url, created_by=added_by
    )
    session.add(document)
    await session.flush()
    await _add_version(session, document, content, sha256(content).digest(), number=1)
    return document


async def put_document(
    session: AsyncSession,
    *,
    name: str,
    content: bytes,
    added_by: UUID | None,
    url: str | None = None,
    limit: int | None = None,
) -> Document:
    """Adds a document, or the next version of the one that has this name already: what uploading a file again means.

    The same content again is the document that is there already. Raises DocumentEmpty, DocumentTooLarge.
    """
    known = await document_with_content(session, content)
    if known is not None:
        return known
    query = (
        select(Document.id)
        .where(Document.org_id == scope(session), Document.deleted_at.is_(None), Document.name == _tidy(name))
        .where(Document.source.in_(FILES))
    )
    named = await session.scalar(query.order_by(Document.created_at.desc()).limit(1))
    if named is None:
        return await add_document(
            session, name=name, content=content, added_by=added_by, url=url, limit=limit
        )
    return await replace(session, named, content=content, limit=limit)


async def document_with_content(session: AsyncSession, content: bytes) -> Document | None:
    """The document whose current or coming version has exactly these bytes."""
    query = (
        select(Document)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(Document.org_id == scope(session), Document.deleted_at.is_(None))
        .where(DocumentVersion.sha256 == sha256(content).digest())
        .where(DocumentVersion.state.in_((*UNDER_WAY, "ready")))
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def replace(
    session: AsyncSession,
    document_id: UUID,
    *,
    content: bytes,
    name: str | None = None,
    limit: int | None = None,
) -> Document:
    """The document's next version; the one before answers until it is ready. The same content changes nothing.

    Raises DocumentUnknown, DocumentEmpty, DocumentTooLarge.
    """
    digest = _checked(content, limit)
    document = await _living(session, document_id)
    latest = await latest_version(session, document_id)
    document.name = _tidy(name) if name else document.name
    if latest.sha256 == digest and latest.state not in {"failed", "superseded"}:
        return document
    await _withdraw(session, document_id)
    await _add_version(session, document, content, digest, number=latest.number + 1)
    return document


async def delete_document(session: AsyncSession, document_id: UUID) -> None:
    """Out of every search as soon as this transaction is committed, whatever is being indexed at the moment.

    Raises DocumentUnknown.
    """
    document = await hide_document(session, document_id)
    document.deleted_at = document.updated_at


async def hide_document(session: AsyncSession, document_id: UUID) -> Document:
    """Out of every search likewise, yet kept: its next version (`replace`) brings it back. Raises DocumentUnknown."""
    await lock_index(session)
    document = await _living(session, document_id)
    document.updated_at = now()
    if document.current_version_id is not None:
        await retire(session, document.current_version_id)
        document.current_version_id = None
        await large.keep_in_step(session)
    await _withdraw(session, document_id)
    await session.flush()
    await record(session, DocumentChanged(document_id))
    return document


async def retry_document(session: AsyncSession, document_id: UUID) -> Document:
    """Indexes a failed version once more. Raises DocumentUnknown, NothingToRetry."""
    document = await _living(session, document_id)
    version = await latest_version(session, document_id)
    if version.state != "failed":
        raise NothingToRetry
    version.state, version.failure_code, version.failure_message = "queued", None, None
    await _start(session, document, version.id)
    return document


async def _living(session: AsyncSession, document_id: UUID) -> Document:
    query = select(Document).where(
        Document.org_id == scope(session), Document.id == document_id, Document.deleted_at.is_(None)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    document = (await session.scalars(locked)).one_or_none()
    if document is None:
        raise DocumentUnknown
    return document


async def _add_version(
    session: AsyncSession, document: Document, content: bytes, digest: bytes, *, number: int
) -> None:
    org_id = scope(session)
    version = DocumentVersion(
        id=new_id(), org_id=org_id, document_id=document.id, number=number, sha256=digest, size=len(content)
    )
    session.add(version)
    await session.flush()
    session.add(DocumentFile(version_id=version.id, org_id=org_id, content=content))
    await _start(session, document, version.id)


async def _start(session: AsyncSession, document: Document, version_id: UUID) -> None:
    document.updated_at = now()
    await session.flush()
    await enqueue(session, "knowledge.index", {"version": str(version_id)})
    await record(session, DocumentChanged(document.id))


async def _withdraw(session: AsyncSession, document_id: UUID) -> None:
    """Versions that are being made, or failed, give way; their files go."""
    unfinished = (
        update(DocumentVersion)
        .where(DocumentVersion.org_id == scope(session), DocumentVersion.document_id == document_id)
        .where(DocumentVersion.state.in_((*UNDER_WAY, "failed")))
        .values(state="superseded", failure_code=None, failure_message=None)
        .returning(DocumentVersion.id)
    )
    versions = list(await session.scalars(unfinished))
    await session.execute(
        delete(DocumentFile).where(
            DocumentFile.org_id == scope(session), DocumentFile.version_id.in_(versions)
        )
    )


def _checked(content: bytes, limit: int | None) -> bytes:
    """The content's digest."""
    if not content:
        raise DocumentEmpty
    if limit is not None and len(content) > limit:
        raise DocumentTooLarge(
            f"This file is larger than {limit // MEGABYTE} MB. Split it into smaller files and upload those, "
            "or have the operator raise FRONTDESK_UPLOAD_LIMIT_MB."
        )
    return sha256(content).digest()


async def _lock_content(session: AsyncSession, digest: bytes) -> None:
    """Two uploads of the same bytes at the same time are one document."""
    key = f"content:{scope(session)}:{digest.hex()}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _tidy(name: str) -> str:
    """The file's own name, without folders that some browsers send along."""
    return one_line(name.replace("\\", "/").rpartition("/")[2])[-MAX_NAME:] or "Untitled"
