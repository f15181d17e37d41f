"""Sources on the web: added, changed, refreshed, paused, deleted. See app/knowledge/crawl.py for the fetching."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.happenings import record
from app.kit.ids import new_id
from app.kit.jobs import enqueue
from app.knowledge.addresses import prefix_of, typed
from app.knowledge.documents import delete_document
from app.knowledge.happenings import SourceChanged
from app.knowledge.index_lock import lock_index
from app.knowledge.models import Document
from app.knowledge.queue_of_pages import is_waiting, queue_pages
from app.knowledge.source_models import Source, SourcePage

Kind = Literal["page", "sitemap", "site"]
Every = Literal["never", "hour", "day", "week"]

PERIODS: dict[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
MOST_DEPTH = 10
MOST_PAGES = 5_000
USUAL_PAGES = 200


class SourceUnknown(NotFound):
    """There is no such source; it may have been deleted."""

    code = "source_unknown"
    title = "Unknown source"


class SourceKnown(Conflict):
    """This address is a source already. Refresh that one."""

    code = "source_known"
    title = "Already there"


class SourceRefused(Invalid):
    """This source cannot be fetched as asked for."""

    code = "source_refused"
    title = "Check what is asked for"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants fetched. `depth` is how many links from the first page, for a site alone."""

    kind: Kind
    address: str
    every: Every = "never"
    depth: int = 3
    page_limit: int = USUAL_PAGES

    def checked(self) -> "Wish":
        """With its address in one form. Raises SourceRefused, AddressRefused."""
        if not 0 <= self.depth <= MOST_DEPTH:
            raise SourceRefused(f"Links are followed at most {MOST_DEPTH} deep.")
        if not 1 <= self.page_limit <= MOST_PAGES:
            raise SourceRefused(f"A source has from 1 to {MOST_PAGES} pages.")
        return Wish(self.kind, typed(self.address), self.every, self.depth, self.page_limit)


async def add_source(session: AsyncSession, wish: Wish, *, by: UUID | None, private: bool = False) -> Source:
    """A new source, whose first fetch begins at once. `private` is the operator's to say: its host is read although it
    is of this machine or its network. Raises SourceRefused, AddressRefused, SourceKnown.
    """
    wish = wish.checked()
    if await find_source(session, wish) is not None:
        raise SourceKnown
    source = Source(
        id=new_id(),
        org_id=scope(session),
        kind=wish.kind,
        address=wish.address,
        prefix=prefix_of(wish.address),
        depth=wish.depth,
        page_limit=wish.page_limit,
        every=wish.every,
        private=private,
        created_by=by,
    )
    session.add(source)
    await session.flush()
    await _start(session, source)
    return source


async def find_source(session: AsyncSession, wish: Wish) -> UUID | None:
    """The source that fetches this already; the wish must be checked."""
    same = select(Source.id).where(
        Source.org_id == scope(session), Source.deleted_at.is_(None),
        Source.kind == wish.kind, Source.address == wish.address,
    )  # fmt: skip
    return await session.scalar(same.limit(1))


async def change_source(
    session: AsyncSession, source_id: UUID, *, every: Every, depth: int, page_limit: int
) -> None:
    """How often and how much is fetched; the next fetch keeps to it. Raises SourceUnknown, SourceRefused."""
    source = await living_source(session, source_id)
    Wish("site", source.address, every, depth, page_limit).checked()
    source.every, source.depth, source.page_limit = every, depth, page_limit
    if source.state == "idle":
        await schedule(session, source)
    await changed(session, source)


async def refresh(session: AsyncSession, source_id: UUID, *, private: bool = False) -> None:
    """Fetches it now; what is being fetched already goes on. `private` as in add_source. Raises SourceUnknown."""
    source = await living_source(session, source_id)
    source.private = source.private or private
    if source.state == "running":
        await _fetch(session, source)
    else:
        await _start(session, source)


async def refresh_due(session: AsyncSession, source_id: UUID, at: str) -> None:
    """The job behind a schedule. A schedule that has changed since has a job of its own."""
    try:
        source = await living_source(session, source_id)
    except SourceUnknown:
        return
    if source.state == "idle" and source.next_at == datetime.fromisoformat(at):
        await _start(session, source)


async def pause(session: AsyncSession, source_id: UUID) -> None:
    """Nothing more is fetched; what is known goes on answering. Raises SourceUnknown."""
    source = await living_source(session, source_id)
    source.state, source.crawler, source.next_at = "paused", None, None
    await changed(session, source)


async def resume(session: AsyncSession, source_id: UUID) -> None:
    """Goes on where it was paused. Raises SourceUnknown."""
    source = await living_source(session, source_id)
    if source.state != "paused":
        return
    waits = select(SourcePage.url).where(is_waiting(source)).limit(1)
    if await session.scalar(waits) is None:
        source.state = "idle"
        await schedule(session, source)
    else:
        source.state = "running"
        await _fetch(session, source)
    await changed(session, source)


async def delete_source(session: AsyncSession, source_id: UUID) -> None:
    """Its documents are out of every search when this transaction is committed. Raises SourceUnknown."""
    source = await living_source(session, source_id)
    source.state, source.crawler, source.next_at, source.deleted_at = "idle", None, None, now()
    await lock_index(session)
    query = (
        select(Document.id)
        .join(SourcePage, SourcePage.document_id == Document.id)
        .where(Document.org_id == scope(session), SourcePage.source_id == source_id)
        .where(Document.deleted_at.is_(None))
    )
    for document_id in await session.scalars(query):
        await delete_document(session, document_id)
    await changed(session, source)


async def living_source(session: AsyncSession, source_id: UUID) -> Source:
    """Locked: whoever changes a source or its pages does so alone. Raises SourceUnknown."""
    query = select(Source).where(
        Source.org_id == scope(session), Source.id == source_id, Source.deleted_at.is_(None)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    source = (await session.scalars(locked)).one_or_none()
    if source is None:
        raise SourceUnknown
    return source


async def schedule(session: AsyncSession, source: Source) -> None:
    """Plans the next fetch: a job that waits in the database until then."""
    period = PERIODS.get(source.every)
    source.next_at = None if period is None else now() + period
    if source.next_at is not None:
        payload = {"source": str(source.id), "at": source.next_at.isoformat()}
        await enqueue(session, "knowledge.refresh", payload, delay=period)


async def changed(session: AsyncSession, source: Source) -> None:
    source.updated_at = now()
    await session.flush()
    await record(session, SourceChanged(source.id))


async def _start(session: AsyncSession, source: Source) -> None:
    source.run += 1
    source.state, source.capped = "running", False
    source.started_at, source.finished_at, source.next_at = now(), None, None
    await session.flush()
    role = "sitemap" if source.kind == "sitemap" else "page"
    await queue_pages(session, source, [source.address], role=role, depth=0)
    await _fetch(session, source)
    await changed(session, source)


async def _fetch(session: AsyncSession, source: Source) -> None:
    await enqueue(session, "knowledge.crawl", {"source": str(source.id)})
