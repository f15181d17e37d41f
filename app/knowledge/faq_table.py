"""Questions and answers as a table (CSV), to be edited elsewhere and brought back."""

import csv
import io
from collections.abc import Iterator, Sequence

from app.kit.errors import Invalid
from app.knowledge.written import Draft, Entry
from ingest.decode import decode

COLUMNS = ("questions", "answer", "language", "active")
NAMES = {
    "question": "questions",
    "frage": "questions",
    "fragen": "questions",
    "text": "answer",
    "antwort": "answer",
}
OFF = {"0", "no", "off", "false", "nein"}
MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 2_000
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@")


class TableRefused(Invalid):
    """This is no table of questions and answers. Give a CSV file whose first line names the columns
    `questions` (variants on lines of their own), `answer` and, if you like, `language` and `active`.
    """

    code = "table_refused"
    title = "Table refused"


def table_of(entries: Sequence[Entry]) -> str:
    """CSV with a line for each entry; variants stand on lines of their own in their cell."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for entry in entries:
        written = entry.written
        cells = (
            "\n".join(written.questions),
            written.text,
            written.language or "",
            "yes" if written.active else "no",
        )
        table.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return out.getvalue()


def read_table(content: bytes) -> list[Draft]:
    """Raises TableRefused."""
    text = decode(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(_drafts(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)))
    except csv.Error as error:
        raise TableRefused from error


def _drafts(rows: "csv.DictReader[str]") -> Iterator[Draft]:
    rows.fieldnames = [
        NAMES.get(name.strip().lower(), name.strip().lower()) for name in rows.fieldnames or ()
    ]
    if not {"questions", "answer"} <= set(rows.fieldnames):
        raise TableRefused
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise TableRefused(f"A table has at most {MOST_ROWS} lines. Split it into several.")
        cells = {name: _plain(cell) for name, cell in row.items() if isinstance(cell, str) and name}
        if not any(cells.values()):
            continue
        active = cells.get("active", "").strip().lower() not in OFF
        language = cells.get("language") or None
        yield Draft(cells.get("questions", "").splitlines(), cells.get("answer", ""), language, active)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
