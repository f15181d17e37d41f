"""A file that somebody attaches: what it is by its content, and under which name it is kept."""

import re
import unicodedata
from dataclasses import dataclass

from app.kit.errors import Invalid
from ingest.kinds import MIME, kind_of
from ingest.parsed import MEGABYTE, ParseFailure

MAX_NAME = 200
# Kinds that are taken, with the endings that such a file may have. The first is added to a name with another one: what
# a name promises a computer ("run this") is never more than what the content is.
ENDINGS: dict[str, tuple[str, ...]] = {
    "png": ("png",),
    "jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "gif": ("gif",),
    "webp": ("webp",),
    "pdf": ("pdf",),
    "text": ("txt", "log", "md", "csv", "tsv", "json", "jsonl", "ini", "conf", "yml", "yaml", "toml", "srt"),
    "docx": ("docx", "dotx", "docm"),
    "xlsx": ("xlsx", "xltx", "xlsm"),
    "pptx": ("pptx", "potx", "ppsx", "pptm"),
    "odt": ("odt", "ott"),
    "ods": ("ods", "ots"),
    "odp": ("odp", "otp"),
    "doc": ("doc", "dot"),
    "xls": ("xls", "xlt"),
    "ppt": ("ppt", "pps", "pot"),
}
# Kinds of text, all of which are kept as text that nobody interprets.
PLAIN = {"text", "markdown", "json", "csv"}
# As the field of a form has it.
TAKEN = ",".join(sorted(f".{ending}" for endings in ENDINGS.values() for ending in endings))
# What browsers draw without running anything.
IMAGES = frozenset(MIME[kind] for kind in ("png", "jpeg", "gif", "webp"))
# Signs that a name is not to hold: folders, controls, line ends, and marks that turn the direction of what follows.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class AttachmentEmpty(Invalid):
    """This file is empty. Check that it is the right one."""

    code = "attachment_empty"
    title = "Empty file"


class AttachmentTooLarge(Invalid):
    """This file is larger than an attachment may be."""

    status = 413
    code = "attachment_too_large"
    title = "File too large"


class AttachmentRefused(Invalid):
    """This type of file is not taken. Send an image (PNG, JPEG, GIF, WebP), a PDF, text or an office document."""

    code = "attachment_refused"
    title = "Type not taken"


@dataclass(frozen=True)
class File:
    """`type` is a media type, by the content."""

    name: str
    type: str
    content: bytes


def checked(name: str, content: bytes, *, limit: int) -> File:
    """What is kept of a file that was sent; reads all of it. Raises AttachmentEmpty, AttachmentTooLarge (`limit` is in
    bytes), AttachmentRefused.
    """
    if len(content) > limit:
        raise too_large(limit)
    kind = _kind(content)
    family = "text" if kind in PLAIN else kind
    if family not in ENDINGS:
        raise AttachmentRefused
    return File(_name(name, ENDINGS[family]), MIME["csv" if kind == "csv" else family], content)


def too_large(limit: int) -> AttachmentTooLarge:
    return AttachmentTooLarge(f"A file may have at most {limit // MEGABYTE} MB. Send a smaller one.")


def _kind(content: bytes) -> str:
    """Of the name nothing is believed."""
    if not content:
        raise AttachmentEmpty
    try:
        kind, _ = kind_of(content, "")
    except ParseFailure as failure:
        raise (AttachmentEmpty if failure.code == "empty" else AttachmentRefused) from failure
    return kind


def _name(name: str, endings: tuple[str, ...]) -> str:
    """Without folders and without what shows a name as another; with an ending that fits the content."""
    plain = UNFIT.sub("", unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1]))
    stem, dot, ending = " ".join(plain.split()).strip(" .").rpartition(".")
    if not dot or ending.lower() not in endings:
        stem, ending = ".".join(part for part in (stem, ending) if part), endings[0]
    return f"{stem.strip(' .')[: MAX_NAME - len(ending) - 1] or 'file'}.{ending}"
