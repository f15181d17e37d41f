"""What a web page is, before anybody reads it: where it leads, whether it may be kept, whether it is a page at all.

Runs in the child process, as all that touches a stranger's file does (`ingest.parse.survey`).
"""

import re
from hashlib import sha256
from urllib.parse import urljoin

import msgspec
from lxml import etree, html

from ingest.decode import decode
from ingest.parsed import ParseFailure
from ingest.readers import web
from ingest.surveyed import Listed, Sitemap, Survey

MOST_LINKS = 5_000
MOST_ENTRIES = 50_000
# Shorter pages may be a wall or an apology; longer ones say something, whatever words stand in them.
SHORT = 1_200
NEXT_TO_NOTHING = 160
EXCERPT = 400

CHALLENGE_TITLE = re.compile(
    r"just a moment|attention required|checking your browser|are you (a )?(robot|human)|verify (that )?you are|"
    r"security check|ddos protection|pardon our interruption|access denied|captcha|einen moment",
    re.IGNORECASE,
)
CHALLENGE_MARK = re.compile(
    r"cf-chl|challenge-platform|g-recaptcha|h-captcha|cf-turnstile|px-captcha|data-dome", re.IGNORECASE
)
NOT_FOUND = re.compile(
    r"\b404\b|not[ -]found|(does not|doesn.t|no longer) exists?\b|can.t be found|nicht gefunden|existiert nicht|"
    r"introuvable|n.existe pas|no encontrad[ao]|non trovata|niet gevonden|não encontrad[ao]|nie znaleziono",
    re.IGNORECASE,
)
SIGN_IN = re.compile(
    r"\b(sign|log)[ -]?in\b|\blogin\b|anmelden|einloggen|connexion|se connecter|iniciar sesión|accedi|inloggen",
    re.IGNORECASE,
)
CONSENT = re.compile(
    r"(accept|agree|consent|zustimmen|akzeptieren|accepter|aceptar|accetta)\b.*\b(cookies?|privacy|datenschutz)|"
    r"(cookies?|privacy|datenschutz)\b.*\b(accept|agree|consent|zustimmen|akzeptieren|accepter|aceptar|accetta)|"
    r"before you continue|bevor sie fortfahren",
    re.IGNORECASE | re.DOTALL,
)
NEEDS_SCRIPTS = re.compile(
    r"(enable|requires?|need|activate|aktivieren|activer|habilitar).{0,40}javascript|"
    r"javascript.{0,60}(enable|require|disabled|needed|aktivieren|activer)",
    re.IGNORECASE,
)
EMPTY_ROOT = "//*[@id='root' or @id='app' or @id='__next' or @id='__nuxt' or @id='svelte']|//app-root"


def survey_page(data: bytes, url: str) -> Survey:
    source = decode(data)
    page = web.tree(source)
    directives = _directives(page)
    base = (
        urljoin(url, page.xpath("string(//base/@href)").strip()) if page.find(".//base") is not None else url
    )
    title = web.title_of(page, " ".join((page.findtext(".//title") or "").split()))
    links = [] if "nofollow" in directives or "none" in directives else _links(page, base)
    canonical = next(iter(page.xpath("//link[contains(concat(' ', @rel, ' '), ' canonical ')]/@href")), "")
    seen = _Seen.of(page, title or "", source)
    return Survey(
        title=title[:200] if title else None,
        canonical=_joined(base, canonical.strip()) if canonical.strip() else None,
        links=links,
        noindex=bool({"noindex", "none"} & directives),
        nofollow=bool({"nofollow", "none"} & directives),
        problem=seen.problem(),
        text_hash=sha256(seen.text.encode(errors="replace")).digest(),
        excerpt=seen.text[:EXCERPT],
    )


def survey_sitemap(data: bytes) -> Sitemap:
    """A sitemap or an index of sitemaps in XML, or addresses in lines. Raises ParseFailure for anything else."""
    if data.lstrip()[:1] == b"<":
        return _xml_sitemap(data)
    lines = [line.strip() for line in decode(data).splitlines()]
    pages = [Listed(line) for line in lines if line.startswith(("http://", "https://"))]
    if not pages:
        raise ParseFailure("unknown_type", "This is no sitemap.")
    return Sitemap(pages[:MOST_ENTRIES], [])


def _xml_sitemap(data: bytes) -> Sitemap:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as damage:
        raise ParseFailure("broken", "This sitemap is damaged.") from damage
    kind = etree.QName(root).localname if root is not None else ""
    if kind not in {"urlset", "sitemapindex"}:
        raise ParseFailure("unknown_type", "This is no sitemap.")
    entries = [_listed(entry) for entry in root.iterchildren(tag=etree.Element)][:MOST_ENTRIES]
    found = [entry for entry in entries if entry.url]
    return Sitemap(found, []) if kind == "urlset" else Sitemap([], found)


def _listed(entry: etree._Element) -> Listed:
    said = {
        etree.QName(child).localname: (child.text or "").strip()
        for child in entry.iterchildren(tag=etree.Element)
    }
    return Listed(said.get("loc", ""), said.get("lastmod") or None)


def _directives(page: html.HtmlElement) -> set[str]:
    said = [
        meta.get("content", "")
        for meta in page.iter("meta")
        if (meta.get("name") or "").strip().lower() in {"robots", "frontdesk"}
    ]
    return {word for one in said for word in re.split(r"[\s,]+", one.lower())}


def _links(page: html.HtmlElement, base: str) -> list[str]:
    found: dict[str, None] = {}
    for link in page.iter("a", "area"):
        href = (link.get("href") or "").strip()
        if not href or href.startswith("#") or "nofollow" in (link.get("rel") or "").lower():
            continue
        joined = _joined(base, href)
        if joined.startswith(("http://", "https://")):
            found[joined] = None
    return list(found)[:MOST_LINKS]


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href).partition("#")[0]
    except ValueError:  # a bracket where no host can have one
        return ""


class _Seen(msgspec.Struct):
    """What a reader of the page has before them. `text`: its main part; `around`: all that is visible."""

    title: str
    text: str
    around: str
    passwords: bool
    marked: bool
    scripts: int
    apology: bool
    empty_root: bool

    @classmethod
    def of(cls, page: html.HtmlElement, title: str, source: str) -> "_Seen":
        apologies = " ".join(part.text_content() for part in page.iter("noscript"))
        seen = cls(
            title=title,
            text="",
            around="",
            passwords=bool(page.xpath("//input[@type='password']")),
            marked=bool(CHALLENGE_MARK.search(source)),
            scripts=len(page.findall(".//script")),
            apology=bool(NEEDS_SCRIPTS.search(apologies)),
            empty_root=any(not root.text_content().strip() for root in page.xpath(EMPTY_ROOT)),
        )
        web.drop(page, web.NEVER_TEXT)
        seen.around = _words(page)
        web.drop(page, web.AROUND_TEXT)
        web.drop_by_name(page)
        seen.text = _words(web.main_part(page)) or seen.around
        return seen

    def problem(self) -> str | None:
        """The first that fits."""
        length = len(self.text)
        said = f"{self.title} {self.text if length < NEXT_TO_NOTHING else ''}"
        if length >= SHORT:
            return None
        signs = {
            "challenge": CHALLENGE_TITLE.search(self.title) or (self.marked and length < NEXT_TO_NOTHING),
            "soft_404": NOT_FOUND.search(said),
            "login": self.passwords and SIGN_IN.search(f"{self.title} {self.text}"),
            "scripted": length < NEXT_TO_NOTHING and self._waits_for_scripts(),
            "consent": length < SHORT / 2 and len(self.around) < SHORT and CONSENT.search(self.around),
            "empty": not any(letter.isalnum() for letter in self.text),
        }
        return next((problem for problem, sign in signs.items() if sign), None)

    def _waits_for_scripts(self) -> bool:
        told = self.apology or NEEDS_SCRIPTS.search(self.text)
        return bool(self.scripts and (told or self.empty_root or not self.text))


def _words(page: html.HtmlElement) -> str:
    body = page.find("body")
    return " ".join(" ".join((page if body is None else body).itertext()).split())
