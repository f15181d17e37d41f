"""Bytes to text, whatever the encoding: declared, recognisable, or guessed."""

import codecs
import re

from charset_normalizer import from_bytes

from ingest.language import language_of

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""")
# Pages that declare ISO 8859-1 or ASCII mean Windows-1252: browsers have always read them so.
MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
}
NOT_LATIN = [
    "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1252"
]  # fmt: skip
LATIN_BY_LANGUAGE = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl", "sr", "bs", "sq"), "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    "vi": "cp1258",
}
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
SAMPLE = 50_000
HEAD = 2048


def decode(data: bytes) -> str:
    """Never fails: bytes that no encoding explains become U+FFFD. Line ends become newlines."""
    text = by_mark(data) or by_escapes(data) or by_zero_bytes(data) or by_declaration(data) or by_guess(data)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def by_mark(data: bytes) -> str | None:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return None


def by_escapes(data: bytes) -> str | None:
    """Japanese mail switches alphabets by escape sequences, and is plain ASCII to every other test."""
    return strictly(data, "iso2022_jp") if b"\x1b$" in data and data.isascii() else None


def by_zero_bytes(data: bytes) -> str | None:
    """UTF-16 without a mark: in most scripts every other byte of spaces, digits and line ends is zero."""
    head = data[:HEAD]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) / 20 or min(even, odd) > max(even, odd) / 10:
        return None
    return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")


def by_declaration(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = DECLARED.search(data[:HEAD])
    return strictly(data, declared[1].decode("ascii")) if declared else None


def strictly(data: bytes, encoding: str) -> str | None:
    try:
        known = codecs.lookup(encoding).name
        return data.decode(MEANT.get(known, known))
    except (LookupError, UnicodeDecodeError):
        return None


def by_guess(data: bytes) -> str:
    return mixed(data) or data.decode(guess(data[:SAMPLE]), "replace")


def mixed(data: bytes) -> str | None:
    """UTF-8 with strange lines in it (pasted, cut short): only those lines are read as Windows-1252."""
    lines = data.split(b"\n")
    readable = [strictly(line, "utf-8") for line in lines]
    good = sum(
        1 for line, text in zip(lines, readable, strict=True) if text is not None and not line.isascii()
    )
    if good == 0 or good < readable.count(None):
        return None
    whole = (
        line.decode("cp1252", "replace") if text is None else text
        for line, text in zip(lines, readable, strict=True)
    )
    return "\n".join(whole)


def guess(data: bytes) -> str:
    """
    Measured on 40 paragraphs each in 11 languages: charset-normalizer alone confuses the Latin code pages
    (Spanish .58 right, Turkish .65); telling Latin by its lone high bytes and then by language gives .97 and more.
    """
    if looks_latin(data):
        # Reading Turkish letters for the six that differ lets one look tell Turkish from the rest.
        return LATIN_BY_LANGUAGE.get(language_of(data.decode("cp1254", "replace")) or "", "cp1252")
    found = from_bytes(data, cp_isolation=NOT_LATIN).best()
    return found.encoding if found else "cp1252"


def looks_latin(data: bytes) -> bool:
    runs = [len(run) for run in HIGH_RUN.findall(data)]
    return runs.count(1) >= 0.4 * sum(runs) and sum(runs) < 0.25 * len(data)
