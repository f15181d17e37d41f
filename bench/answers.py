"""`make bench-answers`: how often the assistant is right to answer, and whether it says where each sentence is from.

    python -m bench.answers [DIRECTORY]          # of the evaluation sets: FRONTDESK_EVAL, or ../shared/eval
    python -m bench.answers --fit [DIRECTORY]    # what app/knowledge/evidence.py says, fitted anew

Every question takes the turn that visitors get, without a model: search, decide, quote. "Unseen" is told by models
that were fitted without the question's conversation. Questions of xquad are asked once with their paragraph and once
without it; each language is judged by models that were fitted on the others.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from app.cli.common import with_database
from app.config import Settings
from app.kit.db import Database
from app.knowledge.evidence import THRESHOLD, Kind
from bench.fitting import Flags, Scores
from bench.judged import LANGUAGES, Row, Table, judge_set, totals

ENGLISH = ("mtrag_govt", "mtrag_cloud", "hint3")
OTHER_KINDS: tuple[Kind, ...] = ("words", "runs")
# How many answerable questions in other languages may be refused.
REFUSED = 0.1
# So many parts that each language is left out once.
EACH_LANGUAGE = 12


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("FRONTDESK_EVAL", "../shared/eval")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(default))
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    sets = (*ENGLISH, LANGUAGES)
    missing = [name for name in sets if not (given.directory / name).is_dir()]
    if missing:
        sys.exit(f"{given.directory} lacks {', '.join(missing)}. Name the folder of the evaluation sets.")

    async def work(database: Database, _: Settings) -> list[Row]:
        return [row for name in sets for row in await judge_set(database, given.directory / name)]

    rows = with_database(work)
    (show_fit if given.fit else show)(rows)


def show_fit(rows: Sequence[Row]) -> None:
    english, others = _parted(rows)
    _show_coefficients("english", Table(english, "english").coefficients())
    for kind in OTHER_KINDS:
        table = Table(others, kind)
        found = table.coefficients()
        found["offset"] += _lenience(table, found)
        _show_coefficients(kind, found)


def _parted(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    return [row for row in rows if row.of in ENGLISH], [row for row in rows if row.of not in ENGLISH]


def _show_coefficients(kind: Kind, found: Mapping[str, float]) -> None:
    print(f'    "{kind}": {{{", ".join(_cell(*pair) for pair in found.items())}}},')


def _cell(name: str, value: float) -> str:
    return f'"{name}": {value:.2f}'


def _lenience(table: Table, found: Mapping[str, float]) -> float:
    """What to add to the offset so that no more answerable questions are refused than REFUSED."""
    wanted = np.log(THRESHOLD / (1 - THRESHOLD))
    return float(wanted - np.quantile(totals(table, found)[table.truth], REFUSED))


def show(rows: Sequence[Row]) -> None:
    english, others = _parted(rows)
    unseen = Table(english, "english").unseen()
    for kind in OTHER_KINDS:
        unseen |= Table(others, kind).unseen(parts=EACH_LANGUAGE)
    print(
        f"{'answer or refuse':22} {'answered':>9} {'refused':>9} {'balanced':>9}   unseen: the same, and area"
    )
    _line("mtrag, both", [row for row in english if row.of in ENGLISH[:2]], unseen)
    for name in sorted({row.of for row in rows}):
        _line(name, [row for row in rows if row.of == name], unseen)
    _show_quotes(english)
    _show_waits([row for row in english if row.of in ENGLISH[:2]])


def _line(name: str, rows: Sequence[Row], unseen: Mapping[int, float]) -> None:
    truth = np.array([row.answerable for row in rows])
    shipped = np.array([row.evidence.value for row in rows])
    held_out = np.array([unseen.get(id(row), row.evidence.value) for row in rows])
    print(f"{name:22} {_cells(truth, shipped)}  {_cells(truth, held_out)} {_area(truth, held_out):9.3f}")


def _cells(truth: Flags, values: Scores) -> str:
    """Share of the answerable that is answered, share of the others that is refused, and the mean of both."""
    answered, refused = (values[truth] >= THRESHOLD).mean(), (values[~truth] < THRESHOLD).mean()
    return f"{answered:9.3f} {refused:9.3f} {(answered + refused) / 2:9.3f}"


def _area(truth: Flags, values: Scores) -> float:
    """How often an answerable question has more evidence than an unanswerable one."""
    above = values[truth][:, None] - values[~truth][None, :]
    return float(((above > 0) + (above == 0) / 2).mean())


def _show_quotes(rows: Sequence[Row]) -> None:
    quoted = [exact for row in rows for exact in row.quotes]
    print(f"\nof {len(quoted)} quotes, {np.mean(quoted):.2%} stand word for word in what they cite")


def _show_waits(rows: Sequence[Row]) -> None:
    waits = np.array([row.first_token_ms for row in rows if row.first_token_ms is not None])
    p50, p95 = np.percentile(waits, [50, 95])
    print(f"time to first token over {len(waits)} answers: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


if __name__ == "__main__":
    main()
