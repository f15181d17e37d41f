"""The built browser files: readable from every origin, packed, and kept for ever where the address has their hash."""

import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from litestar import Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).resolve().parent / "static"
FOR_EVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
LONGEST = 255
HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")
# For files alone. What answers a request may hold what others wrote beside secrets, whose packed length would tell of
# both; and live streams must not wait until enough has come.
PACKED = DefineMiddleware(
    CompressionMiddleware, config=CompressionConfig(backend="gzip", gzip_compress_level=9)
)


def static_files() -> Router:
    return create_static_files_router("/static", [STATIC], middleware=[_with_headers, PACKED])


def asset(name: str) -> str:
    """The address of a built file, which changes with its content."""
    return f"/static/{name}?v={_stamp(name)}"


def _stamp(name: str) -> str:
    file = STATIC / name
    return _digest(file, file.stat().st_mtime_ns) if file.is_file() else "not-built"


@lru_cache
def _digest(file: Path, _: int) -> str:
    return sha256(file.read_bytes()).hexdigest()[:10]


def _with_headers(app: ASGIApp) -> ASGIApp:
    # The loader imports the panel, and an import asks across origins as a fetch does.
    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if "\x00" in scope["path"] or len(scope["path"].encode()) > LONGEST:
            raise NotFoundException  # no file system has such a name to look for
        keep = FOR_EVER if _is_by_content(scope) else ASK_AGAIN

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                headers["access-control-allow-origin"] = "*"
                headers["cache-control"] = keep if message["status"] == HTTP_200_OK else ASK_AGAIN
            await send(message)

        await app(scope, receive, with_headers)

    return middleware


def _is_by_content(scope: Scope) -> bool:
    """Whether what stands at this address never changes. Beside a newer server, a page may ask for what is not here."""
    name = scope["path"].rpartition("/")[2]
    return HASHED.search(name) is not None or scope["query_string"] == f"v={_stamp(name)}".encode()
