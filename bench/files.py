"""
How many of the evaluation set's real files give what its manifest says, and what the worst of them costs.

    python -m bench.files            # prints one JSON object
"""

import asyncio
import csv
import json
import os
import re
import resource
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

from ingest.parse import parse
from ingest.parsed import Limits, Parsed, ParseFailure

ROOT = (
    Path(os.environ.get("FRONTDESK_EVAL") or Path(__file__).resolve().parents[2] / "shared" / "eval")
    / "files"
)
# The product stops after 30 s; here a busy machine must not decide.
PATIENCE_S = 120
# What the manifest's words for a failure are called here.
FAILURES = (
    ("password", {"encrypted"}),
    ("encrypted", {"encrypted"}),
    ("empty", {"empty"}),
    ("no text layer", {"scanned", "empty"}),  # with Tesseract it is known that there is none
    ("no text without ocr", {"scanned"}),
    ("damaged", {"broken"}),
    ("unsupported", {"archive", "unknown_type"}),
    ("bomb", {"bomb", "out_of_memory", "too_large", "timeout"}),
)

# Of pictures, which the manifest takes for unreadable without Tesseract, words that stand in them. Other scans have
# none, and a few characters that are read into them are no text. Where Tesseract lacks the language, what it makes of a
# picture is wrong, too.
SCANS = ("no text layer", "image, no text without OCR")
PICTURED = {
    "image/english-and-korean.png": "RULES AND INSTRUCTIONS",
    "image/chi_sim_image.jpeg": "适合任何肌肤",
}


class Outcome(NamedTuple):
    file: str
    expected: str
    got: str
    as_expected: bool
    seconds: float


async def main() -> None:
    outcomes = [await outcome(file, expected) for file, expected in manifest()]
    report = {
        "files": len(outcomes),
        "as_expected": sum(one.as_expected for one in outcomes),
        "slowest_s": round(max(one.seconds for one in outcomes), 2),
        "total_s": round(sum(one.seconds for one in outcomes), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "different": [one._asdict() for one in outcomes if not one.as_expected],
    }
    print(json.dumps(report, ensure_ascii=False, indent=2))


def manifest() -> list[tuple[str, str]]:
    with (ROOT / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["file"], row["expected"]) for row in rows if row["expected"] != "n/a"]


async def outcome(file: str, expected: str) -> Outcome:
    data = (ROOT / file).read_bytes()
    start = spent()
    got = await read(data, file)
    seconds = spent() - start
    told = got.code if isinstance(got, ParseFailure) else f"{got.kind}, {len(got.pages)} pages"
    return Outcome(file, expected, told, agrees(file, expected, got), round(seconds, 3))


def spent() -> float:
    """Seconds that children have worked: how long they wait for a busy machine is not theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def read(data: bytes, file: str) -> Parsed | ParseFailure:
    try:
        return await parse(data, name=file, limits=Limits(seconds=PATIENCE_S))
    except ParseFailure as failure:
        return failure


def agrees(file: str, expected: str, got: Parsed | ParseFailure) -> bool:
    """`contains: words` is met by them in title or text; `failure: why` by that failure, or what else it allows."""
    how, _, what = expected.partition(": ")
    if isinstance(got, Parsed) and what.startswith(SCANS):
        return file in PICTURED and unparted(PICTURED[file]) in unparted(text_of(got))
    if isinstance(got, ParseFailure):
        return how == "failure" and any(
            word in what.lower() and got.code in codes for word, codes in FAILURES
        )
    if how == "contains":
        return folded(what) in text_of(got)
    if how == "contains noise":
        return bool(text_of(got))
    sniffed = re.search(r"sniffed as (\w+)(?:: (.+?))?\)?$", what)
    return sniffed is not None and got.kind == sniffed[1].lower() and folded(sniffed[2] or "") in text_of(got)


def text_of(parsed: Parsed) -> str:
    return folded(" ".join([parsed.title or "", *(page.markdown for page in parsed.pages)]))


def unparted(text: str) -> str:
    """Tesseract puts blanks between Chinese characters."""
    return "".join(text.split())


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


if __name__ == "__main__":
    if not ROOT.is_dir():
        sys.exit(
            f"The evaluation files are not at {ROOT}. Set FRONTDESK_EVAL to the folder that holds files/."
        )
    asyncio.run(main())
