"""What a visited page changes: its standing, its document, and which pages come after it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.kit.one_line import one_line
from app.knowledge.documents import MAX_NAME, create_document, delete_document
from app.knowledge.documents import replace as replace_document
from app.knowledge.models import Document
from app.knowledge.queue_of_pages import queue_pages
from app.knowledge.source_models import Source, SourcePage
from app.knowledge.visiting import MESSAGES, Visited, prefix_after, refused

# Entries of a sitemap that are refused and shown; the rest are like them.
SHOWN = 100


@dataclass(frozen=True)
class Known:
    """What is known of a page before it is fetched: `headers` that ask for it only if it has changed."""

    headers: Mapping[str, str]
    excluded: bool = False


async def look_into(session: AsyncSession, page: SourcePage) -> Known:
    if page.document_id is None:
        return Known({})
    document = await session.get_one(Document, page.document_id)
    if document.deleted_at is not None:
        return Known({}, excluded=True)
    if page.state != "stored":
        return Known({})
    asked = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
    return Known({name: value for name, value in asked.items() if value})


async def store(session: AsyncSession, source: Source, page: SourcePage, visited: Visited) -> None:
    """The source must be locked."""
    row = await session.get_one(SourcePage, (page.source_id, page.url), with_for_update=True)
    if visited.page is not None and row.role == "page":
        visited = await _same_as_another(session, row, visited)
    row.state, row.reason, row.message = visited.state, visited.reason, visited.message
    row.done_run, row.fetched_at, row.tries = source.run, now(), 0
    if row.role == "page":
        await _keep(session, source, row, visited)
    await _go_on(session, source, row, visited)


async def _same_as_another(session: AsyncSession, row: SourcePage, visited: Visited) -> Visited:
    """Of pages that read the same the first is kept."""
    if row.document_id is not None:
        return visited
    query = (
        select(SourcePage.url)
        .join(Document, Document.id == SourcePage.document_id)
        .where(SourcePage.org_id == scope(session), SourcePage.text_hash == visited.text_hash)
        .where(Document.deleted_at.is_(None))
        .limit(1)
    )
    other = await session.scalar(query)
    if other is None:
        return visited
    said = MESSAGES["same"].format(other)
    return replace(visited, state="same", reason="same", message=said, page=None)


async def _keep(session: AsyncSession, source: Source, row: SourcePage, visited: Visited) -> None:
    """The page's document: made, replaced, left or deleted."""
    if visited.page is not None:
        headers = visited.page.headers
        row.etag, row.modified = headers.get("etag"), headers.get("last-modified")
        row.title = visited.title
        if source.kind == "site":
            source.prefix = prefix_after(source, row, visited.page)
        if row.document_id is None:
            row.document_id = await _new_document(session, source, row, visited)
        elif row.text_hash != visited.text_hash:
            name = _name(row, visited)
            await replace_document(session, row.document_id, content=visited.content)
            (await session.get_one(Document, row.document_id)).name = name
        row.text_hash = visited.text_hash
    elif not visited.keeps and row.document_id is not None and visited.reason != "excluded":
        await delete_document(session, row.document_id)
        row.document_id = row.text_hash = row.etag = row.modified = None


async def _new_document(session: AsyncSession, source: Source, row: SourcePage, visited: Visited) -> UUID:
    assert visited.page is not None
    document = await create_document(
        session,
        name=_name(row, visited),
        content=visited.content,
        added_by=source.created_by,
        source="web",
        url=visited.page.url,
    )
    return document.id


def _name(row: SourcePage, visited: Visited) -> str:
    return one_line(visited.title or row.url)[:MAX_NAME]


async def _go_on(session: AsyncSession, source: Source, row: SourcePage, visited: Visited) -> None:
    if visited.instead and source.kind != "page":
        await queue_pages(session, source, [visited.instead], depth=row.depth)
    if visited.leads_to and row.depth < source.depth:
        await queue_pages(session, source, visited.leads_to, depth=row.depth + 1)
    await queue_pages(session, source, visited.sitemaps, depth=row.depth + 1, role="sitemap")
    if visited.listed:
        await queue_pages(session, source, list(visited.listed), depth=1, listed=visited.listed)
    for url, reason in list(visited.turned_away.items())[:SHOWN]:
        await _turn_away(session, source, url, reason)


async def _turn_away(session: AsyncSession, source: Source, url: str, reason: str) -> None:
    """An entry of a sitemap that is not fetched, with its reason."""
    said = (
        refused(reason).message
        if reason in MESSAGES
        else "This is not the address of a page that can be read."
    )
    row = await session.get(SourcePage, (source.id, url))
    if row is None:
        row = SourcePage(source_id=source.id, url=url, org_id=scope(session), queued_run=0)
        session.add(row)
    row.state, row.reason, row.message, row.fetched_at = "refused", reason, said, now()
    await session.flush()
