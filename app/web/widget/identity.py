"""Who calls the widget's door: a site by its key, or a visitor by their bearer token."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from app.tenancy.organisations import check_origin
from app.visitors.sessions import KnownVisitor, TokenInvalid, known_visitor
from app.web.runtime import NeedsRuntime

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Visit:
    """One request of a visitor: its transaction, and who they are."""

    session: AsyncSession
    visitor: KnownVisitor


NeedsVisit: TypeAlias = NamedDependency[Visit]


async def provide_visit(request: AnyRequest, runtime: NeedsRuntime) -> AsyncIterator[Visit]:
    """The transaction of this request. It is committed before the response leaves: acknowledged is committed."""
    runtime.limits.count(f"address:{address(request)}", most=600, per_s=60)
    async with runtime.database.transaction(None) as session:
        visitor = await identify(session, request)
        yield Visit(session, visitor)


async def identify(session: AsyncSession, request: AnyRequest) -> KnownVisitor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenInvalid("Send the token of POST /v1/sessions as `Authorization: Bearer TOKEN`.")
    visitor = await known_visitor(session, token)
    check_origin(visitor.site, request.headers.get("origin"), own=own_origin(request))
    return visitor


def own_origin(request: AnyRequest) -> str:
    """The origin under which this very request reached the server."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def address(request: AnyRequest) -> str:
    return request.client.host if request.client else "unknown"
