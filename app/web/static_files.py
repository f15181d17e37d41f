"""The built browser files: readable from every origin, and kept for ever where the name carries their hash."""

import re
from pathlib import Path

from litestar import Router
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import NotFoundException
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).resolve().parent / "static"
HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")


def static_files() -> Router:
    return create_static_files_router("/static", [STATIC], middleware=[_with_headers])


def _with_headers(app: ASGIApp) -> ASGIApp:
    # The loader imports the panel, and an import asks across origins as a fetch does.
    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if "\x00" in scope["path"]:
            raise NotFoundException  # no file system has such a name to look for
        keep = "public, max-age=31536000, immutable" if HASHED.search(scope["path"]) else "no-cache"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                headers["access-control-allow-origin"] = "*"
                headers["cache-control"] = keep
            await send(message)

        await app(scope, receive, with_headers)

    return middleware
