"""What people write, as it is stored."""

import re
import unicodedata

from app.kit.errors import Invalid

MAX_TEXT = 5000
# What a terminal obeys and nobody reads. Tabs and line breaks stay.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# White space, controls, and marks that only say how other characters are to be shown.
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}


class MessageEmpty(Invalid):
    """A message needs some text."""

    code = "message_empty"
    title = "Empty message"


class MessageTooLong(Invalid):
    """A message takes at most 5,000 characters."""

    code = "message_too_long"
    title = "Message too long"


def checked_text(text: str, *, may_be_empty: bool = False) -> str:
    """The text as it is stored: without control characters, and without outer white space."""
    text = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if all(unicodedata.category(character) in UNSEEN for character in text):
        if may_be_empty:
            return ""
        raise MessageEmpty
    if len(text) > MAX_TEXT:
        raise MessageTooLong(f"A message takes at most 5,000 characters; this one has {len(text):,}.")
    return text
