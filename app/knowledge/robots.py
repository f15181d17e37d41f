"""What a site allows: its robots.txt (RFC 9309)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from protego import Protego

from app.knowledge.addresses import AddressRefused, tidy
from app.knowledge.pages import AGENT, Before, Fetcher, at_once
from app.knowledge.unavailable import PageUnavailable
from app.knowledge.visiting import MESSAGES

# The most of it that is read, as the RFC has it.
MOST_BYTES = 500 * 1024
# Statuses by which a site says that it has no rules.
NO_RULES = range(400, 500)
BUSY = 429


@dataclass(frozen=True)
class Robots:
    """`delay_s` is the least time between two requests, None where nothing is said; `sitemaps` those that it names."""

    rules: Protego
    delay_s: float | None
    sitemaps: Sequence[str]

    def allows(self, url: str) -> bool:
        return bool(self.rules.can_fetch(url, AGENT))


@dataclass(frozen=True)
class RobotsAway:
    """The rules cannot be read now, so that nothing is allowed. `host`: because the host itself cannot be reached."""

    why: PageUnavailable
    host: bool


async def read_robots(fetcher: Fetcher, root: str, *, before: Before = at_once) -> Robots | RobotsAway:
    """The rules of the host at `root`, an address without a path. `before`: as in `Fetcher.fetch`."""
    try:
        page = await replace(fetcher, limit=MOST_BYTES).fetch(f"{root}/robots.txt", before=before)
    except PageUnavailable as problem:
        if problem.reason in {"too_large", "redirects", "redirect_loop"}:
            return _robots(b"")
        if problem.answered in NO_RULES and problem.answered != BUSY:
            return _robots(b"")
        return RobotsAway(problem, host=not problem.answered)
    return _robots(page.content)


def readable(robots: Robots | RobotsAway) -> Robots:
    """Raises PageUnavailable where nothing is allowed, because nobody can tell what is."""
    if isinstance(robots, Robots):
        return robots
    if robots.host:
        raise robots.why
    raise PageUnavailable(MESSAGES["robots_away"], reason="robots_away", passing=True)


def check(robots: Robots | RobotsAway, url: str) -> Robots:
    """Raises PageUnavailable where the rules do not allow the address."""
    rules = readable(robots)
    if not rules.allows(url):
        raise PageUnavailable(MESSAGES["robots"], reason="robots")
    return rules


def _robots(content: bytes) -> Robots:
    rules = Protego.parse(content.decode("utf-8", "replace"))
    delay = rules.crawl_delay(AGENT)
    return Robots(rules, float(delay) if delay else None, list(_tidied(rules.sitemaps)))


def _tidied(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        with suppress(AddressRefused):
            yield tidy(address)
