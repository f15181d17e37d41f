"""Everything that kreuzberg reads well enough as it is: sheets, OpenDocument, EPUB, RTF, Outlook, old Office."""

import html
import re

from kreuzberg import (
    ConcurrencyConfig,
    ExtractionConfig,
    ExtractionResult,
    KreuzbergError,
    OcrConfig,
    PageConfig,
    TreeSitterConfig,
    extract_bytes_sync,
)

from ingest.parsed import ParseFailure
from ingest.readers.draft import Draft, single
from ingest.readers.ocr import recognition

MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00")
PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
NEEDLESS_ESCAPE = re.compile(r"\\([!&.,:;()+=~'\"/@%$?{}^-])")
REFERENCE = re.compile(r"&#?\w{2,8};")
RULE = re.compile(r"^-{3,}$", re.MULTILINE)
ENCRYPTED = re.compile(r"password|encrypt|protected", re.IGNORECASE)
UNSUPPORTED = re.compile(r"unsupported|not supported", re.IGNORECASE)
TOO_MUCH = re.compile(r"limit|bomb|exceed", re.IGNORECASE)


def read(data: bytes, mime: str) -> Draft:
    result = extract(data, mime)
    stated = result.metadata.get("title")
    return single(cleaned(result.content), title=stated if isinstance(stated, str) else None)


def read_image(data: bytes, mime: str, *, ocr: bool) -> Draft:
    config = recognition() if ocr else None
    if config is None:
        raise ParseFailure("scanned")
    return single(cleaned(extract(data, mime, ocr=config).content))


def extract(
    data: bytes, mime: str, *, ocr: OcrConfig | None = None, structure: bool = False
) -> ExtractionResult:
    """Raises ParseFailure; nothing is cached on disk, fetched or downloaded."""
    config = ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="markdown",
        pages=PageConfig(extract_pages=True),
        include_document_structure=structure,
        concurrency=ConcurrencyConfig(max_threads=1),
        tree_sitter=TreeSitterConfig(enabled=False),
        ocr=ocr,
        force_ocr=ocr is not None,
    )
    try:
        return extract_bytes_sync(data, mime, config)
    except KreuzbergError as error:
        raise failure_of(str(error)) from error


def failure_of(complaint: str) -> ParseFailure:
    if ENCRYPTED.search(complaint):
        return ParseFailure("encrypted")
    if "OCR" in complaint:
        return ParseFailure("scanned")
    if UNSUPPORTED.search(complaint):
        return ParseFailure("unknown_type")
    return ParseFailure("bomb" if TOO_MUCH.search(complaint) else "broken")


def cleaned(markdown: str) -> str:
    """Without pictures, midnights of plain dates, rules, and escapes that only hinder search and quoting."""
    text = PICTURE.sub("", MIDNIGHT.sub(r"\1", markdown))
    text = RULE.sub("", NEEDLESS_ESCAPE.sub(r"\1", text))
    return REFERENCE.sub(lambda found: html.unescape(found[0]), text)
