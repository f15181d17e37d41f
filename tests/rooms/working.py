"""A worker that does jobs of one kind for as long as a test wants it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.kit.begun import Begun
from app.kit.db import Database
from app.kit.jobs import Handler, Jobs
from app.kit.worker import Worker


@asynccontextmanager
async def working_on(
    database: Database,
    name: str,
    handler: Handler,
    *,
    context: object = None,
    begun: Begun | None = None,
    lease_s: float = 5,
    grace_s: float = 1,
) -> AsyncIterator[Worker]:
    """Takes on jobs from the first moment of the block; `begun` are those that its process asks for itself."""
    jobs = Jobs()
    jobs.add(name, handler)
    worker = Worker(database, jobs, context, lease_s=lease_s, begun=begun)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)
    try:
        yield worker
    finally:
        await worker.stop(grace_s=grace_s)
        await asyncio.wait_for(running, 10)
