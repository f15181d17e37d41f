"""Which kind of text a text is, by its looks; its name decides only where looks can't."""

import json
import re
from collections import Counter
from pathlib import PurePath

TEXT_SUFFIXES = {
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".csv": "csv", ".tsv": "csv", ".eml": "eml",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".xml": "xml", ".json": "json", ".jsonl": "json",
}  # fmt: skip
HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|link|div|p|h[1-6]|table|"
    r"main|article|section|ul|ol|span|style|script)\b",
    re.IGNORECASE | re.DOTALL,
)
XML_START = re.compile(r"\s*<(?:\?xml\b|!DOCTYPE\b|!--|[A-Za-z_][\w:.-]*(?:\s[^<>]*)?/?>)")
MAIL_HEADER = re.compile(r"^(from|to|cc|subject|date|mime-version|received|message-id|return-path|reply-to|"
                         r"delivered-to|content-type|content-transfer-encoding):", re.IGNORECASE)  # fmt: skip
ANY_HEADER = re.compile(r"^(?:[\w-]+:|[ \t])")
MARKDOWN_SIGN = re.compile(r"^(?:#{1,6} \S|```|\s*[-*] \[[^\]]*\]\(|\|[ :|-]+\|$|---\n)", re.MULTILINE)
DELIMITERS = "\t;,|"


def recognise_text(text: str, name: str) -> str:
    """html, eml, csv, json, xml, markdown or text."""
    hint = TEXT_SUFFIXES.get(PurePath(name).suffix.lower(), "")
    head = text[:5000].lstrip("\ufeff")
    if hint != "markdown" and HTML_START.match(head):
        return "html"
    if is_mail(head):
        return "eml"
    if is_json(text):
        return "json"
    if hint != "markdown" and XML_START.match(head) and text.rstrip().endswith(">"):
        return "html" if hint == "html" else "xml"
    if hint in ("markdown", "csv"):
        return hint
    return by_looks(text, head)


def by_looks(text: str, head: str) -> str:
    if delimiter_of(text):
        return "csv"
    return "markdown" if MARKDOWN_SIGN.search(head) else "text"


def is_mail(head: str) -> bool:
    """Headers to the first blank line, at least two of them those of a mail."""
    headers = head.lstrip("\n").partition("\n\n")[0].splitlines()
    if not headers or not all(ANY_HEADER.match(line) for line in headers[:30]):
        return False
    known = {found[1].lower() for line in headers if (found := MAIL_HEADER.match(line))}
    return len(known) > 1 and bool(known & {"from", "received", "message-id", "mime-version", "return-path"})


def is_json(text: str) -> bool:
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        lines = [line for line in text.splitlines()[:20] if line.strip()]
        return start == "{" and all(json_line(line) for line in lines)
    return True


def json_line(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def delimiter_of(text: str) -> str | None:
    """The delimiter if the first lines have it in the same number; for commas at least twice: prose has some."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:20]
    if len(lines) <= 1:
        return None
    for delimiter in DELIMITERS:
        counts = Counter(line.count(delimiter) for line in lines)
        columns, lines_with_it = counts.most_common(1)[0]
        if columns >= (2 if delimiter == "," else 1) and lines_with_it >= 0.9 * len(lines):
            return delimiter
    return None
