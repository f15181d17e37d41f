"""The one clock, so that a test can look at what time the application thinks it is."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
