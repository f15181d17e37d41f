"""When a host may be asked: of all who do so for an organisation one after the other, and none sooner than it likes."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.knowledge.source_models import HostPace


async def pause_of(session: AsyncSession, host: str) -> float:
    """Seconds until the host may be asked."""
    query = select(HostPace.free_at).where(HostPace.org_id == scope(session), HostPace.host == host)
    free_at = await session.scalar(query)
    return (free_at - now()).total_seconds() if free_at else 0.0


async def take_turn(session: AsyncSession, host: str, delay: timedelta) -> float:
    """Takes the host's next turn, after which it has its rest, and gives the seconds until then."""
    turn = now()
    await session.execute(
        insert(HostPace).values(org_id=scope(session), host=host, free_at=turn).on_conflict_do_nothing()
    )
    query = select(HostPace).where(HostPace.org_id == scope(session), HostPace.host == host)
    pace = (await session.scalars(query.with_for_update())).one()
    turn = max(turn, pace.free_at)
    pace.free_at = turn + delay
    return max(0.0, (turn - now()).total_seconds())


async def leave_alone(session: AsyncSession, host: str, wait_s: float) -> None:
    """The host asks for it, or whatever it leads to does."""
    pace = insert(HostPace).values(
        org_id=scope(session), host=host, free_at=now() + timedelta(seconds=wait_s)
    )
    later = func.greatest(HostPace.free_at, pace.excluded.free_at)
    await session.execute(
        pace.on_conflict_do_update(index_elements=["org_id", "host"], set_={"free_at": later})
    )
