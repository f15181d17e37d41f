"""What a file is, by its content. Names lie: they only settle between kinds of text."""

import io
import struct
import zipfile

from ingest.decode import decode
from ingest.parsed import MEGABYTE, ParseFailure
from ingest.text_kinds import recognise_text

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
MIME = {
    "pdf": "application/pdf",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    "odt": f"{OPEN}.text",
    "ods": f"{OPEN}.spreadsheet",
    "odp": f"{OPEN}.presentation",
    "epub": "application/epub+zip",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "rtf": "application/rtf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "html": "text/html",
    "eml": "message/rfc822",
    "csv": "text/csv",
    "json": "application/json",
    "xml": "application/xml",
    "markdown": "text/markdown",
    "text": "text/plain",
}
IMAGES = frozenset({"png", "jpeg", "gif", "tiff", "bmp", "webp"})
MAGIC = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"BM", "bmp"),
)
ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd", b"MSCF")
# Office parts that tell the kind, and the compound-file streams of the formats before them.
PARTS = (("word/document.xml", "docx"), ("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"), ("ppt/", "pptx"))
STREAMS = (
    ("__properties_version1.0", "msg"),
    ("PowerPoint Document", "ppt"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
DECLARED_TYPES = {MIME[kind].encode(): kind for kind in ("odt", "ods", "odp", "epub")}
MANIFEST = "META-INF/manifest.xml"
UNPACKED_MOST_MB = 1024
UNPACKED_RATIO = 150
UNPACKED_HARMLESS_MB = 64

CONTROL = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32))


def kind_of(data: bytes, name: str) -> tuple[str, str]:
    """The kind, and the decoded text if it is one of text (else an empty string)."""
    binary = recognise(data)
    if binary:
        return binary, ""
    text = decode(data)
    if not text.strip():
        raise ParseFailure("empty")
    return recognise_text(text, name), text


def recognise(data: bytes) -> str | None:
    """The kind of a binary file, or None for text. Raises ParseFailure for what can't be read, saying why."""
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return zipped(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return compound(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for magic, kind in MAGIC:
        if data.startswith(magic):
            return kind
    refuse_other_binaries(data)
    return None


def zipped(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            refuse_bomb(archive, len(data))
            return zip_kind(archive)
    except (zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError) as damage:
        raise ParseFailure("broken") from damage


def refuse_bomb(archive: zipfile.ZipFile, packed: int) -> None:
    """By the sizes the archive itself declares. One that lies meets the memory limit instead."""
    unpacked = sum(entry.file_size for entry in archive.infolist())
    out_of_proportion = unpacked > packed * UNPACKED_RATIO and unpacked > UNPACKED_HARMLESS_MB * MEGABYTE
    if out_of_proportion or unpacked > UNPACKED_MOST_MB * MEGABYTE:
        raise ParseFailure("bomb")


def zip_kind(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "mimetype" in names:
        declared = DECLARED_TYPES.get(archive.read("mimetype")[:100].strip().removesuffix(b"-template"))
        if declared:
            refuse_locked(archive, names)
            return declared
    for part, kind in PARTS:
        if any(name.startswith(part) for name in names):
            return kind
    raise ParseFailure("archive")


def refuse_locked(archive: zipfile.ZipFile, names: list[str]) -> None:
    """OpenDocument says in its manifest which of its parts are locked by a password."""
    if MANIFEST in names and b"encryption-data" in archive.read(MANIFEST):
        raise ParseFailure("encrypted")


def compound(data: bytes) -> str:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        raise ParseFailure("encrypted")
    for stream, kind in STREAMS:
        if has(stream):
            return kind
    raise ParseFailure("unknown_type")


def refuse_other_binaries(data: bytes) -> None:
    if data.startswith(ARCHIVES):
        raise ParseFailure("archive")
    sample = data[:65536]
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff") or sample[:4] == b"\0\0\xfe\xff":
        return
    control = len(sample) - len(sample.translate(None, CONTROL))
    zeros = sample.count(0)
    # Text in UTF-16 is full of zero bytes, all in the same half of each pair, and has few other control bytes.
    lopsided = min(sample[0::2].count(0), sample[1::2].count(0)) <= zeros / 10
    if control - zeros > len(sample) / 50 or (zeros and not lopsided):
        raise ParseFailure("unknown_type")
