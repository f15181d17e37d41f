"""Identifiers: UUIDv7, which sort by the time they were made and so keep indexes compact."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """A UUID from its usual text, or None where the text is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
