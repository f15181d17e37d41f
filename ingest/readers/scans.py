"""The pages of a scanned PDF file, each drawn as a picture and read by Tesseract."""

from collections.abc import Iterator
from math import sqrt

import pypdfium2
from kreuzberg import OcrConfig

from ingest.parsed import ParseFailure
from ingest.readers.ocr import recognition
from ingest.readers.office import extract

DOTS_AN_INCH, POINTS_AN_INCH = 200, 72
# Of a poster or a page that only claims to be one; A4 has four million at this resolution.
PIXELS_MOST = 12_000_000
PICTURE = "image/x-portable-graymap"


def recognised(data: bytes, *, ocr: bool) -> dict[int, str]:
    """The text of each page by its number. Raises ParseFailure."""
    config = recognition() if ocr else None
    if config is None:
        raise ParseFailure("scanned")
    try:
        return dict(read_pages(data, config))
    except pypdfium2.PdfiumError as error:
        raise ParseFailure("broken") from error


def read_pages(data: bytes, config: OcrConfig) -> Iterator[tuple[int, str]]:
    with pypdfium2.PdfDocument(data) as document:
        for number, page in enumerate(document, 1):
            yield number, extract(drawn(page), PICTURE, ocr=config).content
            page.close()


def drawn(page: pypdfium2.PdfPage) -> bytes:
    width, height = page.get_size()
    scale = min(DOTS_AN_INCH / POINTS_AN_INCH, sqrt(PIXELS_MOST / max(1.0, width * height)))
    pixels = page.render(scale=scale, grayscale=True).to_numpy()
    return b"P5 %d %d 255\n%b" % (pixels.shape[1], pixels.shape[0], pixels.tobytes())
