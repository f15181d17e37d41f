"""Text that is read as it stands: markdown, plain text, delimited tables, JSON and XML."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from ingest.parsed import ParseFailure
from ingest.readers.draft import Draft, single
from ingest.readers.tables import table
from ingest.text_kinds import delimiter_of

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
FRONT_MATTER_KEY = re.compile(r"^[\w-]+:", re.MULTILINE)
TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
LANGUAGE = re.compile(r"^lang(?:uage)?:[ \t]*[\"']?([a-z]{2})\b", re.MULTILINE | re.IGNORECASE)
# csv's own guard is for cells; a megabyte is more than any real one holds.
csv.field_size_limit(1024 * 1024)


def read_text(text: str) -> Draft:
    return single(text)


def read_markdown(text: str) -> Draft:
    """YAML front matter is not text: its title becomes the document's, the rest of it goes."""
    matter = FRONT_MATTER.match(text)
    if not matter or not FRONT_MATTER_KEY.search(matter[1]):
        return single(text)
    title, language = TITLE.search(matter[1]), LANGUAGE.search(matter[1])
    return single(
        text[matter.end() :],
        title=title[1].strip("\"'") if title else None,
        language=language[1].lower() if language else None,
    )


def read_csv(text: str) -> Draft:
    delimiter = delimiter_of(text) or most_common_delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        # Broken quoting: the lines themselves still say everything.
        rows = [line.split(delimiter) for line in text.splitlines()]
    return single(table(rows))


def most_common_delimiter(text: str) -> str:
    head = text[:20_000]
    return max(",;\t|", key=head.count)


def read_json(text: str) -> Draft:
    try:
        values = [json.loads(text)]
    except ValueError:
        values = [json_line(line) for line in text.splitlines() if line.strip()]
    return single("\n\n".join("\n".join(outline(value)) for value in values))


def json_line(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


def outline(value: object, depth: int = 0) -> Iterator[str]:
    """Nested bullets `- key: value`: readable, and cut well by a chunker that knows markdown."""
    indent = "  " * depth
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from keyed(str(key), inner, depth)
    elif isinstance(value, list):
        for inner in value:
            yield from keyed("", inner, depth)
    else:
        yield f"{indent}- {scalar(value)}"


def keyed(key: str, value: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict | list):
        # An item without a name needs no line of its own, unless it would run into its neighbour.
        if key:
            yield f"{indent}- {key}:"
        yield from outline(value, depth + 1 if key else depth)
    else:
        yield f"{indent}- {key}: {scalar(value)}" if key else f"{indent}- {scalar(value)}"


def scalar(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)


def read_xml(text: str) -> Draft:
    # Entities are not resolved and nothing is fetched: a document type can promise what it likes.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, remove_comments=True)
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        root = etree.fromstring(body.encode(), parser)
    except etree.XMLSyntaxError as damage:
        raise ParseFailure("broken") from damage
    if root is None:
        raise ParseFailure("broken")
    return single("\n".join(element_outline(root, 0)))


def element_outline(element: Any, depth: int) -> Iterator[str]:
    if not isinstance(element.tag, str):
        return
    label = f"{'  ' * depth}- {etree.QName(element).localname}"
    said = " ".join([*(f"{etree.QName(key).localname}={value}" for key, value in element.attrib.items()),
                     " ".join((element.text or "").split())]).strip()  # fmt: skip
    yield f"{label}: {said}" if said else f"{label}:"
    for inner in element:
        yield from element_outline(inner, depth + 1)
        if inner.tail and inner.tail.strip():
            yield f"{'  ' * (depth + 1)}- {' '.join(inner.tail.split())}"
