"""One address of a source, fetched and judged: what it is, where it leads, and why it is not kept where it isn't."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from app.knowledge.addresses import AddressRefused, host_of, is_below, prefix_of, root_of, tidy
from app.knowledge.pages import FetchedPage
from app.knowledge.source_models import Source, SourcePage
from app.knowledge.unavailable import PageUnavailable
from app.knowledge.unpacking import GZIP, gunzipped
from ingest.parse import survey, survey_sitemap
from ingest.parsed import ParseFailure
from ingest.surveyed import Listed, Survey

READABLE = re.compile(
    r"text/(plain|markdown|csv|x-markdown|rtf|xml)|application/(pdf|rtf|msword|json|xml|epub|vnd\.(ms-|openxmlformats|"
    r"oasis\.opendocument))",
    re.IGNORECASE,
)
PAGE = re.compile(r"text/html|application/xhtml", re.IGNORECASE)
LOOKS_LIKE_A_PAGE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body|!--|\?xml)", re.IGNORECASE
)
STATED = re.compile(rb"<meta[^>]+charset|<\?xml[^>]+encoding", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# Files that links lead to and nobody reads.
NEVER_READ = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|ico|bmp|tiff?|mp[34]|m4[av]|webm|ogg|wav|avi|mov|css|js|mjs|map|woff2?|ttf|zip|gz|"
    r"tgz|bz2|xz|7z|rar|exe|dmg|iso|deb|rpm|apk|jar|bin|rss|atom)$",
    re.IGNORECASE,
)

MESSAGES = {
    "challenge": "The site asks for a proof that a person is reading. Let Frontdesk through there, or upload the page.",
    "login": "This page asks to sign in. Make it public, or upload it as a file.",
    "consent": "The site shows only its cookie or privacy notice. Let Frontdesk through there, or upload the page.",
    "scripted": "This page is empty without JavaScript. Give the address of a version with text, or upload it.",
    "soft_404": "This page says that it does not exist.",
    "empty": "There is no text on this page.",
    "noindex": "The page asks not to be indexed (noindex). Remove that there if it should be known here.",
    "robots": "The site's robots.txt forbids to read this. Allow Frontdesk there if it should be known here.",
    "robots_away": "The site's robots.txt cannot be read now, so nothing else is. It is tried again at the next fetch.",
    "elsewhere": "This leads to another site, which is not part of this source. Add it as a source of its own.",
    "outside": "This leads outside of the part of the site that is fetched.",
    "moved": "This has moved to {}, which is fetched instead.",
    "canonical": "This says that its original is {}, which is fetched instead.",
    "type": "This is no page or document ({}).",
    "encoding": "This page is packed (gzip) without saying so. Have the site's server name it in Content-Encoding.",
    "no_sitemap": "This is no sitemap. Give its address, often /sitemap.xml, or add the site instead.",
    "unreadable": "This page cannot be read: {}",
    "excluded": "You have deleted this page here, so it stays out.",
    "same": "This reads the same as {}, which is kept.",
    "unexpected": "Something went wrong with this page. Refresh; if it happens again, tell the operator.",
}
# What may be otherwise tomorrow: a page that was stored goes on answering.
PASSING = {"challenge", "login", "consent", "scripted", "robots_away", "unexpected"}


@dataclass(frozen=True)
class Visited:
    """What became of an address. `page` and `text_hash` are there where it is `stored`.

    `leads_to`: further addresses of this source, one link deeper; `instead`: one that takes its place; `sitemaps` and
    `listed`, address -> change, come from a sitemap; `keeps`: what was stored of it before goes on answering.
    """

    state: str
    reason: str | None = None
    message: str | None = None
    page: FetchedPage | None = None
    title: str | None = None
    text_hash: bytes | None = None
    content: bytes = b""
    leads_to: Sequence[str] = ()
    instead: str | None = None
    sitemaps: Sequence[str] = ()
    listed: Mapping[str, str | None] | None = None
    turned_away: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = False
    excerpt: str = ""


def refused(
    reason: str, what: str = "", *, leads_to: Sequence[str] = (), instead: str | None = None
) -> Visited:
    state = "failed" if reason in PASSING else "refused"
    said = MESSAGES[reason].format(what)
    return Visited(state, reason, said, keeps=reason in PASSING, leads_to=leads_to, instead=instead)


def unavailable(problem: PageUnavailable) -> Visited:
    state = "gone" if problem.reason == "gone" else "failed" if problem.passing else "refused"
    return Visited(state, problem.reason, problem.detail, keeps=problem.passing)


def unchanged() -> Visited:
    return Visited("stored", keeps=True)


async def judge(source: Source, page: SourcePage, fetched: FetchedPage) -> Visited:
    """What the content is to the source. Nothing is stored."""
    if fetched.unchanged:
        return unchanged()
    if page.role == "sitemap":
        return await _sitemap(source, fetched)
    if fetched.url != page.url and (away := _redirected(source, page, fetched.url)):
        return away
    kind = fetched.headers.get("content-type", "")
    if PAGE.match(kind) or (not kind and LOOKS_LIKE_A_PAGE.match(fetched.content)):
        return await _page(source, prefix_after(source, page, fetched), fetched, kind)
    return _file(fetched, kind)


def prefix_after(source: Source, page: SourcePage, fetched: FetchedPage) -> str:
    """What a crawl stays below: where its first page really is decides."""
    return prefix_of(fetched.url) if page.url == source.address else source.prefix


def _redirected(source: Source, page: SourcePage, url: str) -> Visited | None:
    """None for the page that a source begins with: where its address leads is what was asked for."""
    if source.kind == "page":
        return None
    if not _at_home(source, url):
        return refused("elsewhere")
    if page.url == source.address:
        return None
    if source.kind == "site" and not is_below(url, source.prefix):
        return refused("outside")
    return refused("moved", url, instead=url)


def _at_home(source: Source, url: str) -> bool:
    """Whether it is on the source's host, which may or may not be called www."""
    return host_of(url).removeprefix("www.") == host_of(source.address).removeprefix("www.")


def _file(fetched: FetchedPage, kind: str) -> Visited:
    if kind and not READABLE.match(kind) and not kind.startswith("application/octet-stream"):
        return refused("type", kind.partition(";")[0])
    if _forbidden(fetched):
        return refused("noindex")
    digest = sha256(fetched.content).digest()
    return Visited("stored", page=fetched, title=fetched.name, text_hash=digest, content=fetched.content)


async def _page(source: Source, prefix: str, fetched: FetchedPage, kind: str) -> Visited:
    if fetched.content.startswith(GZIP):
        return refused("encoding")
    content = in_utf8(fetched.content, kind)
    try:
        seen = await survey(content, url=fetched.url)
    except ParseFailure as failure:
        return refused("unreadable", failure.message)
    links = below(prefix, seen.links) if source.kind == "site" else []
    if seen.problem:
        return refused(seen.problem, leads_to=links)
    if seen.noindex or _forbidden(fetched):
        return refused("noindex", leads_to=links)
    if original := _original(source, prefix, fetched, seen):
        return refused("canonical", original, leads_to=links, instead=original)
    return Visited(
        "stored",
        page=fetched,
        title=seen.title,
        text_hash=seen.text_hash,
        content=content,
        leads_to=links,
        excerpt=seen.excerpt,
    )


def _original(source: Source, prefix: str, fetched: FetchedPage, seen: Survey) -> str | None:
    """Where the page says that it is at home, if that is another address of this source."""
    if not seen.canonical or source.kind == "page":
        return None
    try:
        original = tidy(seen.canonical)
    except AddressRefused:
        return None
    within = is_below(original, prefix if source.kind == "site" else root_of(source.address))
    return original if within and original != fetched.url else None


def below(prefix: str, links: Sequence[str]) -> list[str]:
    """The addresses of a page's links that are below the prefix and may be read, each once."""
    found: dict[str, None] = {}
    for link in links:
        try:
            url = tidy(link)
        except AddressRefused:
            continue
        if is_below(url, prefix) and not NEVER_READ.search(url.partition("?")[0]):
            found[url] = None
    return list(found)


async def _sitemap(source: Source, fetched: FetchedPage) -> Visited:
    if not _at_home(source, fetched.url):
        return refused("elsewhere")  # all that it lists would be taken for this source's
    try:
        found = await survey_sitemap(gunzipped(fetched.content, fetched.url))
    except PageUnavailable as problem:
        return unavailable(problem)
    except ParseFailure:
        return refused("no_sitemap")
    pages, turned_away = _sorted(source, found.pages, fetched.url)
    maps, other_maps = _sorted(source, found.sitemaps, fetched.url)
    if source.kind == "site":  # a hint where to look, and no promise
        pages = {url: change for url, change in pages.items() if is_below(url, source.prefix)}
        turned_away, other_maps = {}, {}
    return Visited(
        "stored", listed=pages, sitemaps=list(maps), turned_away={**turned_away, **other_maps}, page=fetched
    )


def _sorted(
    source: Source, entries: Sequence[Listed], sitemap: str
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Addresses with their changes, and those that are refused, each with its reason."""
    good: dict[str, str | None] = {}
    bad: dict[str, str] = {}
    for entry in entries:
        try:
            url = tidy(entry.url)
        except AddressRefused as problem:
            bad[entry.url[:500]] = problem.reason
            continue
        if is_below(url, root_of(sitemap)) or _at_home(source, url):
            good[url] = entry.changed
        else:
            bad[url] = "elsewhere"
    return good, bad


def _forbidden(fetched: FetchedPage) -> bool:
    """Whether the server asks not to keep it. A rule may name whom it is for: `otherbot: noindex`."""
    said = fetched.headers.get("x-robots-tag", "").lower()
    agent, colon, rules = said.rpartition(":")
    ours = not colon or agent.strip() == "frontdesk"
    return ours and bool({"noindex", "none"} & set(re.split(r"[\s,]+", rules)))


def in_utf8(content: bytes, kind: str) -> bytes:
    """Text as the server declares it, where the page itself does not; a wrong declaration is left to be guessed."""
    charset = CHARSET.search(kind)
    if charset is None or STATED.search(content[:4096]):
        return content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return content
    try:
        return content.decode(charset[1]).encode("utf-8")
    except (LookupError, UnicodeError):
        return content
