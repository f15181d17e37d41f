"""Which reader reads which kind. Runs in the child process only."""

import re
from collections.abc import Callable

from ingest.kinds import IMAGES, MIME, kind_of
from ingest.language import detect
from ingest.parsed import Page, Parsed, ParseFailure
from ingest.readers import mail, office, open_slides, pdf, plain, slides, web, word
from ingest.readers.draft import Draft
from ingest.readers.tables import tidy_tables

TEXT_READERS: dict[str, Callable[[str], Draft]] = {
    "html": web.read,
    "csv": plain.read_csv,
    "json": plain.read_json,
    "xml": plain.read_xml,
    "markdown": plain.read_markdown,
    "text": plain.read_text,
}
BINARY_READERS: dict[str, Callable[[bytes], Draft]] = {
    "docx": word.read,
    "pptx": slides.read,
    "odp": open_slides.read,
}
MACHINE_TITLE = re.compile(
    r"^(?:untitled.*|unspecified|microsoft word - .*|document\d*|presentation\d*|powerpoint presentation|.*\.\w{2,4})$",
    re.IGNORECASE,
)
HEADING = re.compile(r"^#{1,2} +(.+?)[ #]*$")
TOP_HEADING = re.compile(r"^# +(.+?)[ #]*$", re.MULTILINE)
TITLE_LENGTH = 200
LANGUAGE_SAMPLE = 200_000


def read(data: bytes, name: str, *, characters: int, ocr: bool) -> Parsed:
    kind, text = kind_of(data, name)
    draft = draft_of(kind, data, text, ocr=ocr)
    pages = [Page(page.number, tidied) for page in draft.pages if (tidied := tidy(page.markdown))]
    if not any(letter.isalnum() or letter > "\u2000" for page in pages for letter in page.markdown):
        raise ParseFailure("empty")
    if sum(len(page.markdown) for page in pages) > characters:
        raise ParseFailure("too_large")
    return Parsed(
        kind=kind,
        mime=MIME[kind],
        title=title_of(draft, pages),
        language=language_of(pages) or draft.language,
        pages=pages,
    )


def draft_of(kind: str, data: bytes, text: str, *, ocr: bool) -> Draft:
    if kind == "pdf":
        return pdf.read(data, ocr=ocr)
    if kind in IMAGES:
        return office.read_image(data, MIME[kind], ocr=ocr)
    if kind == "eml":
        return mail.read(data, text)
    if kind in TEXT_READERS:
        return TEXT_READERS[kind](text)
    if kind in BINARY_READERS:
        return BINARY_READERS[kind](data)
    return office.read(data, MIME[kind])


def tidy(markdown: str) -> str:
    tidied = tidy_tables(markdown.replace("\r\n", "\n").replace("\0", ""))
    return re.sub(r"\n{3,}", "\n\n", tidied).strip("\n").rstrip()


def title_of(draft: Draft, pages: list[Page]) -> str | None:
    given = " ".join((draft.title or "").split())
    if given and not MACHINE_TITLE.match(given):
        return given[:TITLE_LENGTH]
    return heading_title(pages)


def heading_title(pages: list[Page]) -> str | None:
    """The heading that the document begins with, or the only one of the first level on its first page."""
    beginning = HEADING.match(pages[0].markdown.split("\n", 1)[0])
    if beginning:
        return beginning[1][:TITLE_LENGTH]
    top = TOP_HEADING.findall(pages[0].markdown)
    return top[0][:TITLE_LENGTH] if len(top) == 1 else None


def language_of(pages: list[Page]) -> str | None:
    """From pages spread over the document, so that its front matter doesn't decide alone."""
    step = max(1, len(pages) // 20)
    return detect("\n\n".join(page.markdown for page in pages[::step])[:LANGUAGE_SAMPLE])
