"""What a parser is given and what it gives back. The shapes cross a process boundary, so they are plain data."""

import msgspec

MEGABYTE = 1024 * 1024


class Page(msgspec.Struct, frozen=True):
    """`number` counts from 1 where the document has pages or slides, else None. `markdown` is never empty."""

    number: int | None
    markdown: str


class Parsed(msgspec.Struct, frozen=True, tag="parsed"):
    """A document as markdown. `language` is ISO 639-1, or None where no language clearly dominates."""

    kind: str
    mime: str
    title: str | None
    language: str | None
    pages: list[Page]


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost: wall seconds, megabytes resident, megabytes of input, characters of markdown."""

    seconds: float = 30.0
    memory_mb: int = 512
    input_mb: int = 100
    characters: int = 20_000_000


MESSAGES = {
    "empty": "There is no text in this file. Check that the right file was chosen, and upload it again.",
    "unknown_type": (
        "This type of file can't be read. Save it as PDF, Word, Excel, PowerPoint, HTML, text or CSV "
        "and upload that."
    ),
    "archive": "This is an archive. Unpack it and upload the files in it one by one.",
    "encrypted": "This file is protected by a password. Remove the protection and upload it again.",
    "broken": (
        "This file is damaged and can't be opened. Open it in the program that made it, save it again "
        "and upload the new copy."
    ),
    "scanned": (
        "This is a scan or a picture: it holds no text that could be read. Upload a version with text, or have "
        "Tesseract installed on the server so that scans can be read."
    ),
    "too_large": "This file is too large. Split it into smaller files and upload those.",
    "too_many_pages": (
        "This file has more than 10,000 pages, which are too many to be read at once. Split it into smaller files and "
        "upload those."
    ),
    "timeout": "Reading this file took too long and was stopped. Split it into smaller files and upload those.",
    "out_of_memory": (
        "Reading this file took too much memory and was stopped. Split it into smaller files, or save it again "
        "without large pictures, and upload that."
    ),
    "bomb": (
        "This file unpacks to a size out of all proportion and was not opened. Save it again in the program "
        "that made it, and upload the new copy."
    ),
    "crashed": (
        "The reader failed on this file. Save it again in the program that made it, or as PDF, and upload "
        "the new copy."
    ),
}


class ParseFailure(Exception):
    """Why a file gave no document: `code` is a key of MESSAGES, `message` tells an admin why and what to do."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES[code]
        super().__init__(self.message)
