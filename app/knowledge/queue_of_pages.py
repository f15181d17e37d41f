"""The pages that a fetch of a source still has before it: rows, so that whoever goes on knows where it stopped."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.knowledge.source_models import Source, SourcePage

# Rows a statement.
BATCH = 1_000


def is_waiting(source: Source) -> ColumnElement[bool]:
    return and_(
        SourcePage.org_id == source.org_id,
        SourcePage.source_id == source.id,
        SourcePage.queued_run == source.run,
        SourcePage.done_run < source.run,
    )


async def queue_pages(
    session: AsyncSession,
    source: Source,
    urls: Sequence[str],
    *,
    depth: int,
    role: str = "page",
    listed: Mapping[str, str | None] | None = None,
) -> None:
    """Adds addresses to this run, each once and no more pages than the source may have.

    `listed`: changes as a sitemap states them; a stored page of the same change is not fetched again.
    """
    wanted = await _new_in_run(session, source, list(dict.fromkeys(urls)))
    if role == "page":
        room = source.page_limit - await _queued(session, source)
        source.capped = source.capped or len(wanted) > room
        wanted = wanted[: max(0, room)]
    for start in range(0, len(wanted), BATCH):
        await _queue(session, source, wanted[start : start + BATCH], depth, role, listed or {})


async def queue_forgotten(session: AsyncSession, source: Source) -> bool:
    """Pages of earlier runs that answer and were met nowhere in this one; whether there are any."""
    forgotten = (
        update(SourcePage)
        .where(SourcePage.org_id == scope(session), SourcePage.source_id == source.id)
        .where(SourcePage.queued_run < source.run, SourcePage.document_id.is_not(None))
        .values(queued_run=source.run, tries=0)
        .returning(SourcePage.url)
    )
    return bool(list(await session.scalars(forgotten)))


async def next_page(session: AsyncSession, source: Source) -> SourcePage | None:
    """Sitemaps first, then by distance from the first page."""
    order = (SourcePage.role.desc(), SourcePage.depth, SourcePage.tries, SourcePage.added_at, SourcePage.url)
    query = select(SourcePage).where(is_waiting(source)).order_by(*order).limit(1)
    return (await session.scalars(query)).one_or_none()


async def _new_in_run(session: AsyncSession, source: Source, urls: Sequence[str]) -> list[str]:
    query = select(SourcePage.url).where(
        SourcePage.org_id == scope(session),
        SourcePage.source_id == source.id,
        SourcePage.queued_run == source.run,
        SourcePage.url.in_(urls),
    )
    known = set(await session.scalars(query))
    return [url for url in urls if url not in known]


async def _queued(session: AsyncSession, source: Source) -> int:
    query = select(func.count()).where(
        SourcePage.org_id == scope(session),
        SourcePage.source_id == source.id,
        SourcePage.queued_run == source.run,
        SourcePage.role == "page",
    )
    return await session.scalar(query) or 0


async def _queue(
    session: AsyncSession,
    source: Source,
    urls: Sequence[str],
    depth: int,
    role: str,
    listed: Mapping[str, str | None],
) -> None:
    rows = [
        {
            "source_id": source.id, "url": url, "org_id": scope(session), "role": role, "depth": depth,
            "queued_run": source.run, "done_run": 0, "tries": 0, "state": "waiting", "listed": listed.get(url),
            "added_at": now(),
        }
        for url in urls
    ]  # fmt: skip
    adding = insert(SourcePage).values(rows)
    new = adding.excluded
    as_stored = and_(SourcePage.state == "stored", SourcePage.listed == new.listed)
    again = {
        "queued_run": new.queued_run,
        "done_run": case((as_stored, new.queued_run), else_=SourcePage.done_run),
        "depth": new.depth,
        "role": new.role,
        "listed": func.coalesce(new.listed, SourcePage.listed),
        "tries": 0,
    }
    await session.execute(adding.on_conflict_do_update(index_elements=["source_id", "url"], set_=again))
