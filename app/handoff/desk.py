"""Whether somebody is at the desk: by the hours that the organisation has set, and by who has the console open."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.handoff.hours import Hours, parse_days, parse_hours, parse_zone
from app.handoff.models import DeskSetting
from app.kit.clock import now
from app.kit.db import Transaction, fetch, scope
from app.kit.errors import Invalid
from app.tenancy.members import online_count

MOST_TOPICS, MOST_TOPIC, MOST_TIMES = 50, 80, 20
# A site's own come first.
DESK = "SELECT * FROM desk_setting WHERE org_id = $1 AND (site_id IS NULL OR site_id = $2) ORDER BY site_id LIMIT 1"


@dataclass(frozen=True)
class Desk:
    """What is set for a site. `hours` is empty where nothing is promised: then only who is there counts."""

    hours: str = ""
    zone: str = "UTC"
    closed_on: str = ""
    topics: tuple[str, ...] = ()
    after_unknown: int = 2
    after_thumbs_down: int = 2

    def check(self) -> None:
        """Raises Invalid for what cannot be read."""
        parse_zone(self.zone)
        parse_days(self.closed_on)
        if self.hours:
            parse_hours(self.hours)
        if len(self.topics) > MOST_TOPICS or any(
            not 1 <= len(topic.strip()) <= MOST_TOPIC for topic in self.topics
        ):
            raise Invalid(f"At most {MOST_TOPICS} topics, of at most {MOST_TOPIC} characters each.")
        if not all(0 <= times <= MOST_TIMES for times in (self.after_unknown, self.after_thumbs_down)):
            raise Invalid(f"A person is brought in after 1 to {MOST_TIMES} times; 0 is never.")

    @property
    def opening_hours(self) -> Hours | None:
        if not self.hours:
            return None
        return Hours(parse_hours(self.hours), parse_zone(self.zone), parse_days(self.closed_on))


@dataclass(frozen=True)
class Availability:
    """`online`: somebody has the console open now. `open`: it is within the opening hours, None where there are none.

    `back_at`: when the desk opens next, if it is closed now and will open.
    """

    online: bool
    open: bool | None = None
    back_at: datetime | None = None


async def desk_of(session: Transaction, site_id: UUID | None) -> Desk:
    """The site's own settings, else the organisation's, else those of a desk of which nothing is said."""
    found = await fetch(session, DESK, scope(session), site_id)
    if not found:
        return Desk()
    given = {each.name: found[0][each.name] for each in fields(Desk)}
    return Desk(**given | {"topics": tuple(given["topics"])})


async def set_desk(session: AsyncSession, site_id: UUID | None, **changed: Any) -> Desk:
    """Changes some of the settings of a site, or of the organisation. Raises Invalid."""
    desk = replace(await desk_of(session, site_id), **changed)
    desk.check()
    values = {"org_id": scope(session), "site_id": site_id, **vars(desk), "topics": list(desk.topics)}
    statement = insert(DeskSetting).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["org_id", "site_id"], set_=values))
    return desk


async def reset_desk(session: AsyncSession, site_id: UUID | None) -> None:
    """Back to the organisation's settings, or to those of a desk of which nothing is said."""
    this = DeskSetting.site_id.is_not_distinct_from(site_id)
    await session.execute(delete(DeskSetting).where(DeskSetting.org_id == scope(session), this))


async def has_own_desk(session: AsyncSession, site_id: UUID | None) -> bool:
    """Whether the settings that hold for the site are its own; without a site, whether the organisation has any."""
    this = DeskSetting.site_id.is_not_distinct_from(site_id)
    query = select(exists().where(DeskSetting.org_id == scope(session), this))
    return bool(await session.scalar(query))


async def availability(session: AsyncSession, site_id: UUID | None) -> Availability:
    online = await online_count(session) > 0
    hours = (await desk_of(session, site_id)).opening_hours
    if hours is None:
        return Availability(online)
    moment = now()
    is_open = hours.open_at(moment)
    return Availability(online, is_open, None if is_open else hours.next_opening(moment))
