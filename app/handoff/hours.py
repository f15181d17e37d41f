"""When people are at the desk: opening hours by the week, in their time zone, with the days on which nobody comes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kit.errors import Invalid

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(DAYS)
_PART = re.compile(
    rf"(?P<first>{_DAY})(?:-(?P<last>{_DAY}))? (?P<opens>\d{{1,2}}:\d\d)-(?P<closes>\d{{1,2}}:\d\d)",
    re.IGNORECASE,
)
# Nobody plans further ahead; an organisation that is closed for longer does not say when it is back.
LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True)
class Hours:
    """`week` holds (day 0..6, opens, closes), with midnight at the end of a day as time.max."""

    week: tuple[tuple[int, time, time], ...]
    zone: ZoneInfo
    closed_on: frozenset[date] = frozenset()

    def open_at(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return local.date() not in self.closed_on and any(
            day == local.weekday() and opens <= local.time() < closes for day, opens, closes in self.week
        )

    def next_opening(self, after: datetime) -> datetime | None:
        """The first moment after `after` at which the desk opens, in its own time zone."""
        return min((opening for opening in self._openings(after) if opening > after), default=None)

    def _openings(self, after: datetime) -> Iterator[datetime]:
        today = after.astimezone(self.zone).date()
        for ahead in range(LOOK_AHEAD_DAYS):
            on = today + timedelta(days=ahead)
            for day, opens, _ in self.week:
                if day == on.weekday() and on not in self.closed_on:
                    yield datetime.combine(on, opens, self.zone)


def parse_hours(text: str) -> tuple[tuple[int, time, time], ...]:
    """`Mon-Fri 09:00-17:00, Sat 10:00-14:00`. Raises Invalid."""
    return tuple(sorted(span for part in text.split(",") for span in _spans(" ".join(part.split()))))


def _spans(part: str) -> Iterator[tuple[int, time, time]]:
    found = _PART.fullmatch(part)
    wrong = Invalid(
        f"{part!r} are no opening hours. Write them like `Mon-Fri 09:00-17:00, Sat 10:00-14:00`; `24:00` is the end of "
        "a day."
    )
    if found is None:
        raise wrong
    first, last = _day(found["first"]), _day(found["last"] or found["first"])
    opens, closes = _time(found["opens"]), _time(found["closes"])
    if opens is None or closes is None or opens >= closes:
        raise wrong
    for day in range(first, first + (last - first) % 7 + 1):
        yield day % 7, opens, closes


def _day(name: str) -> int:
    return DAYS.index(name.capitalize())


def _time(text: str) -> time | None:
    if text == "24:00":
        return time.max
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute)) if int(hour) < 24 and int(minute) < 60 else None  # noqa: PLR2004


def parse_zone(name: str) -> ZoneInfo:
    """Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise Invalid(f"{name!r} is no time zone. Give one like Europe/Berlin or UTC.") from error


def parse_days(text: str) -> frozenset[date]:
    """`2026-12-25, 2026-12-26`; empty for none. Raises Invalid."""
    try:
        return frozenset(date.fromisoformat(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Invalid(
            f"{text!r} are no days. Write them as year-month-day: 2026-12-25, 2026-12-26."
        ) from error
