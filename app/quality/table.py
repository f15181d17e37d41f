"""Golden questions from a file: a table (CSV) or JSON."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.kit.errors import Invalid
from app.quality.questions import MOST, Draft
from ingest.decode import decode

COLUMNS = ("question", "source", "must_say", "must_not_say", "declined")
ON = {"1", "yes", "on", "true", "x", "ja", "oui", "sí"}
# Between several phrases in one cell of a table.
BETWEEN = "|"


class QuestionsRefused(Invalid):
    """These are no golden questions. Give a CSV file whose first line names the columns `question` and, as far as they
    are needed, `source`, `must_say`, `must_not_say` (several phrases with | between them) and `declined`; or a JSON
    list of objects with these keys.
    """

    code = "golden_questions_refused"
    title = "Questions refused"


class Line(msgspec.Struct, forbid_unknown_fields=True):
    question: str
    source: str | None = None
    must_say: list[str] | str = msgspec.field(default_factory=list)
    must_not_say: list[str] | str = msgspec.field(default_factory=list)
    declined: bool = False

    def draft(self) -> Draft:
        return Draft(
            self.question,
            self.source or "",
            _phrases(self.must_say),
            _phrases(self.must_not_say),
            self.declined,
        )


def _phrases(said: list[str] | str) -> list[str]:
    return said.replace("\n", BETWEEN).split(BETWEEN) if isinstance(said, str) else said


def read_questions(content: bytes) -> list[Draft]:
    """From either. Raises QuestionsRefused."""
    text = decode(content).strip()
    lines = _of_json(text) if text.startswith(("[", "{")) else _of_table(text)
    if len(lines) > MOST:
        raise QuestionsRefused(f"A list has at most {MOST} questions; these are {len(lines)}.")
    return [line.draft() for line in lines]


def _of_json(text: str) -> list[Line]:
    try:
        return msgspec.json.decode(text, type=list[Line])
    except msgspec.MsgspecError as error:
        raise QuestionsRefused(f"{QuestionsRefused.__doc__} ({error})") from error


def _of_table(text: str) -> list[Line]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise QuestionsRefused from error
    names = [name.strip().lower() for name in rows[0]] if rows else []
    if "question" not in names or not set(names) <= {*COLUMNS, ""}:
        raise QuestionsRefused
    return [_line(dict(zip(names, row, strict=False))) for row in rows[1:] if any(map(str.strip, row))]


def _line(cells: Mapping[str, str]) -> Line:
    return Line(
        cells.get("question", ""),
        cells.get("source"),
        cells.get("must_say", ""),
        cells.get("must_not_say", ""),
        cells.get("declined", "").strip().lower() in ON,
    )


def as_table(rows: Sequence[Any]) -> str:
    """CSV of golden questions, as `read_questions` takes it."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for row in rows:
        said = (BETWEEN.join(row.must_say), BETWEEN.join(row.must_not_say))
        table.writerow([row.question, row.source or "", *said, "yes" if row.declined else ""])
    return out.getvalue()
