"""
PDF page by page. kreuzberg gives each page's plain text, which is complete, and a document structure, which is not and
takes body lines for headings: so the text is the truth, and of the structure only plausible headings are taken. Tables
are found by the lines around their cells.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

import pypdfium2
from kreuzberg import ExtractionResult

from ingest.parsed import Page, ParseFailure
from ingest.readers.draft import Draft
from ingest.readers.furniture import without_furniture
from ingest.readers.office import extract
from ingest.readers.paragraphs import SECTION, paragraphs
from ingest.readers.right_to_left import in_reading_order
from ingest.readers.ruled_tables import with_tables
from ingest.readers.scans import recognised, recognised_among

MIME = "application/pdf"
# A scan may carry a stamp or a page number as text; fewer letters than this on a page are no text.
LETTERS_A_PAGE = 8
# Several times more than are read within the time limit, unless they are nearly empty.
PAGES = 10_000
HEADING_CHARACTERS = 120
HEADING_LINES = 2
# Rows of numbers and formulas are set apart as headings are.
LETTERS_SHARE = 0.6
# Of all text, what one level of headings may make up; body text set apart by its font makes up more.
LEVEL_SHARE = 0.08
LETTER = re.compile(r"[^\W\d_]")

Headings = dict[int, dict[str, int]]


def read(data: bytes, *, ocr: bool) -> Draft:
    refuse_endless(data)
    result = extract(data, MIME, structure=True)
    texts = page_texts(result)
    texts |= {number: unhyphenated(text) for number, text in in_reading_order(data, texts).items()}
    if is_scan(texts):
        texts = recognised(data, ocr=ocr)
    elif bare := [number for number, text in texts.items() if letters(text) < LETTERS_A_PAGE]:
        texts |= recognised_among(data, bare, ocr=ocr)
    headings = plausible_headings(result, sum(map(len, texts.values())))
    marked, tables = with_tables(data)
    texts |= {number: unhyphenated(text) for number, text in marked.items() if number in texts}
    cleaned = without_furniture({number: text.split("\n") for number, text in texts.items()})
    pages = [
        Page(number, "\n\n".join(blocks(lines, headings.get(number, {}), tables)))
        for number, lines in cleaned.items()
    ]
    title = result.metadata.get("title")
    return Draft(pages, title if isinstance(title, str) else None)


def refuse_endless(data: bytes) -> None:
    """Counting takes a moment; reading would end at the time limit, without saying why. What can't be opened is left to
    the reader, which knows the reason.
    """
    with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(data) as document:
        if len(document) > PAGES:
            raise ParseFailure("too_many_pages")


def blocks(lines: list[str], headings: dict[str, int], tables: dict[str, str]) -> Iterator[str]:
    """A page's blocks in markdown; `tables` are what lines that stand for a table mean."""
    for is_table, run in groupby(lines, key=tables.__contains__):
        together = list(run)
        if is_table:
            yield from (unhyphenated(tables[mark]) for mark in together)
        else:
            yield from paragraphs(together, headings)


def page_texts(result: ExtractionResult) -> dict[int, str]:
    return {page["page_number"]: unhyphenated(page["content"]) for page in result.pages or []}


def unhyphenated(text: str) -> str:
    """U+0002 is where the PDF library joined a word cut at a line's end; before a capital the hyphen was real."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "\x02")
    return re.sub("\x02", "", re.sub(r"\x02(?=[A-Z0-9])", "-", text))


def is_scan(texts: dict[int, str]) -> bool:
    return sum(map(letters, texts.values())) < LETTERS_A_PAGE * max(1, len(texts))


def letters(text: str) -> int:
    return len(LETTER.findall(text)) + sum(map(str.isdigit, text))


def plausible_headings(result: ExtractionResult, total: int) -> Headings:
    """By page: the heading's text, its lines joined by a blank, and its level."""
    found = list(stated_headings(result))
    weight: Counter[int] = Counter()
    for _, level, text in found:
        weight[level] += len(text)
    credible = [heading for heading in found if weight[heading[1]] <= LEVEL_SHARE * total or heading[1] == 1]
    by_page: Headings = defaultdict(dict)
    for page, level, text in credible:
        if is_heading_like(text):
            by_page[page][" ".join(text.split())] = level
    return by_page


def stated_headings(result: ExtractionResult) -> Iterator[tuple[int, int, str]]:
    nodes = result.document["nodes"] if result.document else []
    for node in nodes:
        content, page = node["content"], node.get("page")
        if content["node_type"] == "heading" and page:
            yield page, min(content["level"], 6), unhyphenated(content["text"])


def is_heading_like(text: str) -> bool:
    bare = "".join(text.split())
    return (
        bare[:1].isalnum()
        and not bare[:1].islower()
        and (not bare[:1].isdigit() or bool(SECTION.match(" ".join(text.split()))))
        and len(LETTER.findall(bare)) >= LETTERS_SHARE * len(bare)
        and len(text) <= HEADING_CHARACTERS
        and text.count("\n") < HEADING_LINES
        and not text.rstrip().endswith((".", ",", ";", "-"))
    )
