"""The scanned pages of a PDF file, each drawn as a picture and read by Tesseract."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from math import sqrt
from time import monotonic

import pypdfium2
from kreuzberg import OcrConfig

from ingest.parsed import ParseFailure
from ingest.readers.ocr import recognition
from ingest.readers.office import extract

DOTS_AN_INCH, POINTS_AN_INCH = 200, 72
# Of a poster or a page that only claims to be one; A4 has four million at this resolution.
PIXELS_MOST = 12_000_000
PICTURE = "image/x-portable-graymap"
# How long the scanned pages among others may take: the others are not to be lost for them.
AMONG_S = 10.0


def recognised(data: bytes, *, ocr: bool) -> dict[int, str]:
    """The text of each page by its number. Raises ParseFailure."""
    config = recognition() if ocr else None
    if config is None:
        raise ParseFailure("scanned")
    try:
        return dict(read_pages(data, config))
    except pypdfium2.PdfiumError as error:
        raise ParseFailure("broken") from error


def recognised_among(data: bytes, numbers: Collection[int], *, ocr: bool) -> dict[int, str]:
    """The text of those of these pages that are pictures, as far as there is time; of none without Tesseract."""
    config = recognition() if ocr else None
    if config is None:
        return {}
    until, found = monotonic() + AMONG_S, dict[int, str]()
    # The other pages have been read: they are not to be lost for one that cannot be.
    with suppress(ParseFailure, pypdfium2.PdfiumError):
        for number, text in read_pages(data, config, numbers):
            found[number] = text
            if monotonic() > until:
                break
    return found


def read_pages(
    data: bytes, config: OcrConfig, pictures: Collection[int] | None = None
) -> Iterator[tuple[int, str]]:
    """All pages, or those of `pictures` that show one."""
    with pypdfium2.PdfDocument(data) as document:
        for number, page in enumerate(document, 1):
            if pictures is None or (number in pictures and shows_picture(page)):
                yield number, extract(drawn(page), PICTURE, ocr=config).content
            page.close()


def shows_picture(page: pypdfium2.PdfPage) -> bool:
    return any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))


def drawn(page: pypdfium2.PdfPage) -> bytes:
    width, height = page.get_size()
    scale = min(DOTS_AN_INCH / POINTS_AN_INCH, sqrt(PIXELS_MOST / max(1.0, width * height)))
    pixels = page.render(scale=scale, grayscale=True).to_numpy()
    return b"P5 %d %d 255\n%b" % (pixels.shape[1], pixels.shape[0], pixels.tobytes())
