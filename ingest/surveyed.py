"""What surveying a web page or a sitemap gives. Plain data, as ingest.parsed."""

import msgspec


class Survey(msgspec.Struct, frozen=True, tag="survey"):
    """`links` and `canonical` are addresses without their fragments. `problem` is why there is nothing to keep:
    `challenge`, `login`, `consent`, `scripted`, `soft_404` or `empty`; `text_hash` tells pages that read the same.
    """

    title: str | None
    canonical: str | None
    links: list[str]
    noindex: bool
    nofollow: bool
    problem: str | None
    text_hash: bytes
    excerpt: str


class Listed(msgspec.Struct, frozen=True):
    """An entry of a sitemap. `changed` is what it says of its last change, as it stands there."""

    url: str
    changed: str | None = None


class Sitemap(msgspec.Struct, frozen=True, tag="sitemap"):
    """`sitemaps`: further ones, where it is an index of them."""

    pages: list[Listed]
    sitemaps: list[Listed]
