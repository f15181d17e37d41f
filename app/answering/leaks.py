"""Notices when a model begins to recite its instructions instead of answering."""

import re
from collections.abc import Iterable

WORDS = re.compile(r"\w+")
# So many words in a row, as they stand in the instructions, are no accident.
RUN = 8


class Recital:
    """Feed it what is about to be shown."""

    def __init__(self, instructions: str) -> None:
        self._runs = frozenset(_runs(WORDS.findall(instructions.casefold())))
        self._tail = ""

    def begins_with(self, text: str) -> bool:
        """Whether what was said so far ends, with this text, in words of the instructions."""
        self._tail += text
        words = WORDS.findall(self._tail.casefold())
        found = any(run in self._runs for run in _runs(words))
        # The last word may go on in the next text.
        self._tail = self._tail[-RUN * 40 :]
        return found


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(RUN)), strict=False)
