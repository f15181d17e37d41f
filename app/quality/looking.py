"""When it is looked whether golden questions have to be asked again: every few minutes, for as long as there are any.

What changes does not say so itself: knowledge changes in transactions that hold much and may not wait for one another,
and a change of model or prompt comes with a server that starts anew.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import scope
from app.kit.jobs import enqueue

JOB = "quality.look"
EVERY = timedelta(minutes=5)


async def look_later(session: AsyncSession) -> None:
    """The next look; where it is asked for twice it comes once.

    Time is cut into pieces: the first who asks in a piece has the look made when the next begins.
    """
    moment, piece = now().timestamp(), EVERY.total_seconds()
    number = int(moment // piece) + 1
    delay = timedelta(seconds=number * piece - moment)
    await enqueue(session, JOB, {}, delay=delay, dedupe=f"{JOB}:{scope(session)}:{number}")
