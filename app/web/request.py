"""Requests as the doors read them."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException, InternalServerException

from app.kit.errors import Invalid, Problem

# How long the next part of a body may take. Who sends none for longer holds a connection for nothing.
PART_S = 30.0


class RequestTooSlow(Problem):
    """The request stopped before its end, so nothing was done. Send it again."""

    status = 408
    code = "too_slow"
    title = "Request too slow"


class LengthUnknown(Invalid):
    """The upload does not say how long it is. Send it with a Content-Length, as browsers do."""

    status = 411
    code = "length_required"
    title = "Length required"


class AnyBody(Request[Any, Any, Any]):
    """Says of a body what is wrong with it, where the framework would call it an error of the server."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise ClientException("it is not UTF-8") from error
        except RecursionError as error:
            raise ClientException("it is nested too deeply") from error

    async def stream(self) -> AsyncGenerator[bytes, None]:
        try:
            async for part in _in_time(super().stream()):
                yield part
        except InternalServerException as error:
            if "disconnected" not in error.detail:
                raise
            raise ClientException("it ended too early") from error


async def _in_time(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Raises RequestTooSlow."""
    while True:
        try:
            async with asyncio.timeout(PART_S):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise RequestTooSlow(headers={"Connection": "close"}) from error
        yield part
