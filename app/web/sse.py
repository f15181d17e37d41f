"""Server-sent events: frames of a room as a response."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext

import msgspec
from litestar.types import ASGIApp
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError

from app.conversations.frames import Frame
from app.kit.errors import Problem
from app.kit.failures import database_is_away

log = logging.getLogger(__name__)

SEND_TIMEOUT_S = 10.0
PING_S = 15


def event_stream(frames: AsyncIterator[Frame], open_: AbstractContextManager[None] | None = None) -> ASGIApp:
    """A live stream, within `open_` for as long as it is open. A reader that takes nothing for ten seconds is let go:
    it resumes where it was.
    """
    response = EventSourceResponse(_events(frames), ping=PING_S, send_timeout=SEND_TIMEOUT_S, sep="\n")

    async def run(scope: object, receive: object, send: object) -> None:
        with open_ or nullcontext():
            try:
                await response(scope, receive, send)  # type: ignore[arg-type]
            except SendTimeoutError:
                log.info("A stalled reader was let go")

    return run


async def _events(frames: AsyncIterator[Frame]) -> AsyncIterator[ServerSentEvent]:
    try:
        async for frame in frames:
            yield _event(frame)
    except Problem as problem:
        # Access has ended while the stream was open: the client's next request says why.
        log.info("A stream was closed: %s", problem.detail)
    except Exception as error:
        if not database_is_away(error):
            raise
        log.info("A stream was closed, as the database is away: %s", error)


def _event(frame: Frame) -> ServerSentEvent:
    position = f"{frame.position.epoch}:{frame.position.seq}" if frame.position else None
    return ServerSentEvent(msgspec.json.encode(frame.data).decode(), event=frame.kind, id=position)
