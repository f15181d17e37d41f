"""What a source would fetch, looked up before it is added."""

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.kit.ids import new_id
from app.knowledge.addresses import prefix_of, root_of
from app.knowledge.pages import Fetcher
from app.knowledge.robots import Robots, RobotsAway, check, read_robots
from app.knowledge.source_models import Source, SourcePage, SourcePreview
from app.knowledge.sources import Wish
from app.knowledge.unavailable import PageUnavailable
from app.knowledge.visiting import Visited, judge

SHOWN = 8
KEPT = timedelta(days=1)


class Preview(msgspec.Struct, frozen=True):
    """`problem` is why nothing would be fetched. `addresses` are the first of `count` that would come after `title`."""

    title: str | None = None
    excerpt: str = ""
    addresses: list[str] = []
    count: int = 0
    sitemaps: int = 0
    turned_away: int = 0
    problem: str | None = None


async def look(fetcher: Fetcher, wish: Wish) -> Preview:
    """Fetches the source's first page, and nothing else. Raises SourceRefused, AddressRefused."""
    wish = wish.checked()
    prefix = prefix_of(wish.address)
    source = Source(kind=wish.kind, address=wish.address, prefix=prefix, depth=wish.depth)
    page = SourcePage(url=wish.address, role="sitemap" if wish.kind == "sitemap" else "page", depth=0)
    try:
        visited = await _visit(fetcher, source, page)
    except PageUnavailable as problem:
        return Preview(problem=problem.detail)
    return _told(visited)


async def _visit(fetcher: Fetcher, source: Source, page: SourcePage) -> Visited:
    robots = await _robots_of(fetcher, page.url)
    if page.role == "page":
        check(robots, page.url)

    async def before(url: str) -> None:
        check(await _robots_of(fetcher, url), url)

    return await judge(source, page, await fetcher.fetch(page.url, before=before))


async def _robots_of(fetcher: Fetcher, url: str) -> Robots:
    robots = await read_robots(fetcher, root_of(url))
    if isinstance(robots, RobotsAway):
        raise robots.why
    return robots


def _told(visited: Visited) -> Preview:
    addresses = list(visited.listed or visited.leads_to)
    return Preview(
        title=visited.title,
        excerpt=visited.excerpt,
        addresses=addresses[:SHOWN],
        count=len(addresses),
        sitemaps=len(visited.sitemaps),
        turned_away=len(visited.turned_away),
        problem=visited.message if visited.state != "stored" else None,
    )


async def keep(session: AsyncSession, wish: Wish, found: Preview) -> UUID:
    """For the page that shows it. Those of yesterday go."""
    old = delete(SourcePreview).where(
        SourcePreview.org_id == scope(session), SourcePreview.created_at < now() - KEPT
    )
    await session.execute(old)
    kept = SourcePreview(
        id=new_id(), org_id=scope(session), wish=msgspec.to_builtins(wish), found=msgspec.to_builtins(found)
    )
    session.add(kept)
    await session.flush()
    return kept.id


async def kept(session: AsyncSession, preview_id: UUID) -> tuple[Wish, Preview] | None:
    query = select(SourcePreview).where(
        SourcePreview.org_id == scope(session), SourcePreview.id == preview_id
    )
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        return None
    return msgspec.convert(found.wish, Wish), msgspec.convert(found.found, Preview)
