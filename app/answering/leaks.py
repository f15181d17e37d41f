"""Notices when a model begins to recite its instructions instead of answering."""

import re
from collections.abc import Iterable
from functools import lru_cache

WORDS = re.compile(r"\w+")
# So many words in a row, as they stand in the instructions, are no accident.
RUN = 8


class Recital:
    """Feed it what is about to be shown."""

    def __init__(self, instructions: str) -> None:
        self._runs = _runs_of(instructions)
        self._tail = ""

    def begins_with(self, text: str) -> bool:
        """Whether what was said so far ends, with this text, in words of the instructions."""
        said = self._tail + text.casefold()
        words = list(WORDS.finditer(said))
        # The last word may go on in the next text.
        self._tail = said[words[-RUN].start() if len(words) > RUN else 0 :][-RUN * 40 :]
        return any(run in self._runs for run in _runs([word.group() for word in words]))


@lru_cache(maxsize=8)
def _runs_of(instructions: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_runs(WORDS.findall(instructions.casefold())))


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(RUN)), strict=False)
