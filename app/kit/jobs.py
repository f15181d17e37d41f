"""Jobs: work that must happen, recorded in the same transaction as the reason for it (PGQueuer).

A job that fails is tried again with growing pauses, one whose worker died is taken over once its lease has run out.
So every handler must be able to run twice. One that fails for good, or takes too many workers with it, is given up:
what waits for it is told, so that nothing waits for ever. What does them is in app/kit/worker.py.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from pgqueuer import Queries
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection, scope

Payload = Mapping[str, str]
# The payload, and what the process knows that asked for the job and does it itself (app/kit/begun.py).
Given = Mapping[str, Any]
Handler = Callable[[Any, UUID, Given], Awaitable[None]]
GaveUp = Callable[[Any, UUID, Payload, Exception], Awaitable[None]]


class WorkersDied(Exception):
    """Every worker that began this job ended before the job did."""


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Payload,
    *,
    delay: timedelta | None = None,
    dedupe: str | None = None,
) -> None:
    """Adds a job to this transaction. While a job with the same `dedupe` key waits, another one is not added."""
    queue = Queries.from_asyncpg_connection(await driver_connection(session))
    body = pack(scope(session), payload)
    await queue.enqueue(name, body, execute_after=delay, dedupe_key=dedupe, on_conflict="skip")


def pack(org_id: UUID, payload: Payload) -> bytes:
    """How a job is stored."""
    return msgspec.json.encode({**payload, "org": str(org_id)})


def unpack(body: bytes) -> tuple[UUID, Payload]:
    """Raises msgspec.MsgspecError, KeyError, ValueError for what is no job."""
    payload = msgspec.json.decode(body, type=dict[str, str])
    return UUID(payload.pop("org")), payload


@dataclass(frozen=True)
class Kind:
    """What is done for jobs of one name, how many at a time over all workers (0: no limit), and what when it fails."""

    handler: Handler
    at_once: int = 0
    gave_up: GaveUp | None = None


@dataclass
class Jobs:
    """The table of jobs by name."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, name: str, handler: Handler, *, at_once: int = 0, gave_up: GaveUp | None = None) -> None:
        """Runs `handler(context, org_id, payload)`; once nobody tries any more, `gave_up(…, error)` tells who waits."""
        self.kinds[name] = Kind(handler, at_once, gave_up)
