"""Record what happened, then react in one place.

A room calls `record(session, happening)`; the table of reactions (app/reactions.py) is handed to the database at
start, so that rooms need not know who listens. Reactions run inside the same transaction.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

Reaction = Callable[[AsyncSession, Any], Awaitable[None]]
Reactions = Mapping[type, Sequence[Reaction]]


async def record(session: AsyncSession, happening: object) -> None:
    reactions: Reactions = session.info["reactions"]
    for reaction in reactions.get(type(happening), ()):
        await reaction(session, happening)
