"""What a reader hands on, before it is tidied and its language told."""

from dataclasses import dataclass

from ingest.parsed import Page


@dataclass(frozen=True)
class Draft:
    """`title` and `language` as the file itself states them."""

    pages: list[Page]
    title: str | None = None
    language: str | None = None


def single(markdown: str, *, title: str | None = None, language: str | None = None) -> Draft:
    return Draft([Page(None, markdown)], title, language)
