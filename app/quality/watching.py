"""Golden questions are asked again by themselves once model, prompt or knowledge are no longer what they were."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.kit.clock import now
from app.quality.comparing import latest
from app.quality.looking import look_later
from app.quality.models import GoldenRun
from app.quality.questions import count
from app.quality.replay import begin_job, made_of

# A run that has not ended by then is thought to be dead.
LONGEST = timedelta(hours=1)


async def look(session: AsyncSession, settings: Settings) -> GoldenRun | None:
    """Begins a run if something has changed since the latest; another look follows."""
    if not await count(session):
        return None
    await look_later(session)
    last = await latest(session)
    if last is not None and last.state == "running" and now() - last.started_at < LONGEST:
        return None
    causes = changed(last.made_of if last else {}, await made_of(session, settings))
    return await begin_job(session, settings, *causes) if causes else None


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name, value in after.items() if before.get(name) != value]
