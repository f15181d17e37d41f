"""Who changes what an organisation can find, does so alone."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import scope


async def lock_index(session: AsyncSession) -> None:
    """Until the transaction ends, nobody else changes what this organisation can find."""
    key = f"index:{scope(session)}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
