"""Requests as the doors read them."""

from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException, InternalServerException


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
            async for part in super().stream():
                yield part
        except InternalServerException as error:
            if "disconnected" not in error.detail:
                raise
            raise ClientException("it ended too early") from error
