"""The job that fetches a source: page after page, each with its outcome in one transaction.

What has been fetched is never fetched again after a crash: the pages that wait are rows. A crawl works for a while
and then hands over to the next job of its chain, so that a long one leaves room for others. Whoever begins takes the
source over (`crawler`); a job that was thought dead finds that out before its next page counts.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import Database
from app.kit.ids import new_id
from app.kit.jobs import enqueue
from app.knowledge.addresses import host_of, root_of
from app.knowledge.pace import leave_alone, pause_of, take_turn
from app.knowledge.pages import Fetcher
from app.knowledge.queue_of_pages import next_page, queue_forgotten, queue_pages
from app.knowledge.robots import Robots, RobotsAway, check, read_robots, readable
from app.knowledge.source_models import Source, SourcePage
from app.knowledge.sources import SourceUnknown, changed, living_source, schedule
from app.knowledge.storing import look_into, store
from app.knowledge.unavailable import BUSY, PageUnavailable, still_busy
from app.knowledge.visiting import Visited, judge, refused, unavailable

log = logging.getLogger(__name__)

# How long one job works on a source before it hands over to the next.
SLICE_S = 60.0
# A longer pause is waited out in the queue.
PATIENCE_S = 15.0
TRIES = 3
# How long a busy host is left alone that does not say for how long, and at most.
BUSY_S = 20.0
MOST_BUSY_S = 3600.0
MOST_DELAY_S = 60.0
# A turn that is farther away, at a host that a redirect leads to, is not waited for by a job.
MOST_WAIT_S = 2 * MOST_DELAY_S


@dataclass
class Crawler:
    """One job's work on a source. `delay_s` is the least time between two requests to a host."""

    database: Database
    org_id: UUID
    source_id: UUID
    fetcher: Fetcher
    delay_s: float
    id: UUID = field(default_factory=new_id)
    robots: dict[str, Robots | RobotsAway] = field(default_factory=dict)


async def crawl(crawler: Crawler) -> None:
    """Goes on with the source's run for a while; may run twice, and in two places."""
    until = monotonic() + SLICE_S
    if not await _take(crawler):
        return
    while True:
        page = await _next(crawler)
        if page is None:
            return
        pause = await _pause(crawler, page.url)
        if pause > PATIENCE_S or monotonic() > until:
            await _hand_over(crawler, min(pause, MOST_BUSY_S))
            return
        await _visit(crawler, page)


async def _take(crawler: Crawler) -> bool:
    async with crawler.database.transaction(crawler.org_id) as session:
        try:
            source = await living_source(session, crawler.source_id)
        except SourceUnknown:
            return False
        if source.state == "running":
            source.crawler = crawler.id
        if source.private:
            crawler.fetcher = crawler.fetcher.and_private(host_of(source.address))
        return source.state == "running"


async def mine(session: AsyncSession, crawler: Crawler) -> Source | None:
    """The source, locked, as long as it is this job's to fetch."""
    try:
        source = await living_source(session, crawler.source_id)
    except SourceUnknown:
        return None
    return source if source.state == "running" and source.crawler == crawler.id else None


async def _next(crawler: Crawler) -> SourcePage | None:
    """What comes next; None where all is done, which is stored, or where it is somebody else's."""
    async with crawler.database.transaction(crawler.org_id) as session:
        source = await mine(session, crawler)
        if source is None:
            return None
        page = await next_page(session, source)
        if page is None and source.kind != "page" and await queue_forgotten(session, source):
            page = await next_page(session, source)
        if page is None:
            await _finish(session, source)
        return page


async def _finish(session: AsyncSession, source: Source) -> None:
    source.state, source.crawler, source.finished_at = "idle", None, now()
    await schedule(session, source)
    await changed(session, source)


async def _hand_over(crawler: Crawler, pause: float) -> None:
    async with crawler.database.transaction(crawler.org_id) as session:
        if await mine(session, crawler) is not None:
            payload = {"source": str(crawler.source_id)}
            await enqueue(session, "knowledge.crawl", payload, delay=timedelta(seconds=pause))


async def _visit(crawler: Crawler, page: SourcePage) -> None:
    try:
        outcome = await _outcome(crawler, page)
    except PageUnavailable as problem:
        if problem.answered in BUSY and page.tries + 1 < TRIES:
            await _come_back(crawler, page, problem)
            return
        outcome = unavailable(problem)
    except (OSError, SQLAlchemyError):
        raise  # the job is tried again
    except Exception:
        log.exception("A page of source %s cannot be fetched", crawler.source_id)
        outcome = refused("unexpected")
    async with crawler.database.transaction(crawler.org_id) as session:
        source = await mine(session, crawler)
        if source is not None:
            await store(session, source, page, outcome)
            await changed(session, source)


async def _outcome(crawler: Crawler, page: SourcePage) -> Visited:
    """Raises PageUnavailable."""
    async with crawler.database.transaction(crawler.org_id) as session:
        source = await session.get_one(Source, crawler.source_id)
        known = await look_into(session, page)
    if known.excluded:
        return refused("excluded")
    robots = readable(await _robots_of(crawler, page.url))
    if page.role == "page":
        check(robots, page.url)
    await _wait_for_turn(crawler, page.url, robots.delay_s or 0)
    fetched = await crawler.fetcher.fetch(page.url, known=known.headers, before=partial(_before_hop, crawler))
    if page.depth == 0 and page.role == "page" and source.kind == "site":
        await _queue_sitemaps(crawler, robots)
    return await judge(source, page, fetched)


async def _queue_sitemaps(crawler: Crawler, robots: Robots) -> None:
    async with crawler.database.transaction(crawler.org_id) as session:
        source = await mine(session, crawler)
        if source is not None:
            maps = [url for url in robots.sitemaps if host_of(url) == host_of(source.address)]
            await queue_pages(session, source, maps, depth=0, role="sitemap")


async def _robots_of(crawler: Crawler, url: str) -> Robots | RobotsAway:
    """What the host allows; asked for once a job."""
    root = root_of(url)
    if root not in crawler.robots:
        turn = partial(_wait_for_turn, crawler)
        await turn(url)
        crawler.robots[root] = await read_robots(crawler.fetcher, root, before=turn)
    return crawler.robots[root]


async def _before_hop(crawler: Crawler, url: str) -> None:
    """Waits until a redirect's target may be asked. Raises PageUnavailable where it may not."""
    robots = check(await _robots_of(crawler, url), url)
    await _wait_for_turn(crawler, url, robots.delay_s or 0)


async def _pause(crawler: Crawler, url: str) -> float:
    async with crawler.database.transaction(crawler.org_id) as session:
        return await pause_of(session, host_of(url))


async def _wait_for_turn(crawler: Crawler, url: str, delay_s: float = 0) -> None:
    """Raises PageUnavailable where the host has asked for more time than anybody waits here."""
    delay = timedelta(seconds=min(MOST_DELAY_S, max(crawler.delay_s, delay_s)))
    async with crawler.database.transaction(crawler.org_id) as session:
        pause = await pause_of(session, host_of(url))
        if pause > MOST_WAIT_S:
            raise still_busy(url, pause)
        pause = await take_turn(session, host_of(url), delay)
    await asyncio.sleep(pause)


async def _come_back(crawler: Crawler, page: SourcePage, problem: PageUnavailable) -> None:
    """The page stays in the queue. Its host is left alone for as long as asked, and the one where it leads to."""
    wait_s = min(problem.wait_s or BUSY_S * 2**page.tries, MOST_BUSY_S)
    async with crawler.database.transaction(crawler.org_id) as session:
        source = await mine(session, crawler)
        if source is None:
            return
        waiting = await session.get_one(SourcePage, (page.source_id, page.url))
        waiting.tries += 1
        for host in sorted({host_of(page.url), host_of(problem.url or page.url)}):
            await leave_alone(session, host, wait_s)
