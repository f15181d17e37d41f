"""Names as they are shown: on one line, in the order in which they were written."""

import re

# Controls, and what turns the direction of the text after it, which would make a name read as another.
DECEIVING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    return " ".join(DECEIVING.sub(" ", text).split())
