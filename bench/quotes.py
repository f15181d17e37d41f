"""Whether what an answer quotes stands in the passage that it cites, word for word."""

import re
import unicodedata
from collections.abc import Iterator

from app.answering.phrases import SAYINGS
from app.answering.steps import Done
from ingest.lexical import words
from ingest.sentences import sentences

MARK = re.compile(r"\[(\d+)\]")


# What stands for sentences that an answer leaves out.
LEFT_OUT = " … "


def quotes(done: Done) -> Iterator[bool]:
    """One for each run of text of an answer, up to its mark; False where it stands not in what the mark stands for."""
    passages = {source.n: _plain(source.passage) for source in done.sources}
    for text, number in _runs(_quoted(done.text)):
        cited = passages.get(number, "")
        yield all(_plain(part) in cited for part in _parts(text) if words(part))


def _quoted(text: str) -> str:
    """Without the sentence of the assistant's own that leads to quotes that do not agree."""
    first, _, rest = text.partition("\n\n")
    return rest if first in SAYINGS else text


def _runs(text: str) -> Iterator[tuple[str, int]]:
    """Text with the number behind it; text behind the last number belongs to that."""
    marks = list(MARK.finditer(text))
    start = 0
    for mark in marks:
        yield text[start : mark.start()], int(mark[1])
        start = mark.end()
    if marks and text[start:].strip():
        yield text[start:], int(marks[-1][1])


def _parts(text: str) -> Iterator[str]:
    """Lines without their bullets; a table's row is read out cell by cell, with signs between them."""
    for line in text.splitlines():
        spoken = re.sub(r"^\s*(?:[-*]|\d{1,3}\.)\s+", "", line)
        row = re.match(r"^(?:\*\*|`)", spoken)
        runs = re.split(r"\*\*|[:;()]\s", spoken) if row else sentences(spoken)
        yield from (part for run in runs for part in run.split(LEFT_OUT))


def _plain(text: str) -> str:
    return f" {' '.join(words(unicodedata.normalize('NFKC', text)))} "
