"""Requests as the doors read them."""

from typing import Any

from litestar import Request
from litestar.exceptions import ClientException


class AnyBody(Request[Any, Any, Any]):
    """Says of a body that it is no JSON also where the decoder has another word for that than the framework expects."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise ClientException("it is not UTF-8") from error
        except RecursionError as error:
            raise ClientException("it is nested too deeply") from error
