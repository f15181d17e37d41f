"""Cross-origin answers for the widget's door.

Any origin may ask, without cookies; whether its answer is more than a refusal is for the site's origins to say, which
only the handler knows. So a page that is not allowed reads why, instead of a bare network error.
"""

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/v1/"
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, last-event-id, accept"),
    (b"access-control-max-age", b"7200"),
)


def allow_origins(app: ASGIApp) -> ASGIApp:
    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers.from_scope(scope).get("origin")
        if scope["type"] == ScopeType.WEBSOCKET or origin is None or not scope["path"].startswith(PREFIX):
            await app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _preflight(origin, send)
        else:
            await app(scope, receive, _with_origin(origin, send))

    return middleware


async def _preflight(origin: str, send: Send) -> None:
    headers = [(b"access-control-allow-origin", origin.encode()), (b"vary", b"origin"), *PREFLIGHT]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _with_origin(origin: str, send: Send) -> Send:
    async def with_origin(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders(message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = "retry-after"
            headers.add("vary", "origin")
        await send(message)

    return with_origin
