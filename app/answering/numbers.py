"""The ways in which models write a citation."""

import re

CITATION = re.compile(
    r"(?:\^|passages?\s*|sources?\s*)?(\d{1,3}(?:\s*(?:[,;–-]|and)\s*\d{1,3})*)\s*(?:†.*)?", re.IGNORECASE
)
RANGE = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")


def cited(label: str) -> list[int]:
    """The numbers of passages in what stands between brackets, such as `1, 3-5`; empty where it is no citation.

    A range is taken only as far as citations go.
    """
    found = CITATION.fullmatch(label.strip())
    numbers: list[int] = []
    for first, last in RANGE.findall(found.group(1)) if found else ():
        low, high = int(first), int(last or first)
        numbers += range(low, min(high, low + 9) + 1) if high >= low else [low, high]
    return numbers
