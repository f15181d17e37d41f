"""Who calls the console: a member, by the cookie that sign-in left; and only from a page of the console itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import Forbidden
from app.tenancy.members import SignedIn, signed_in
from app.web.runtime import NeedsRuntime, Runtime

AnyRequest = Request[Any, Any, Any]

COOKIE = "frontdesk_session"
HOME = "/console/"
DAY_S = 24 * 60 * 60


class AdminsOnly(Forbidden):
    """Only an admin of your organisation may do this."""

    code = "admins_only"
    title = "For admins"


class ForeignPage(Forbidden):
    """This request did not come from a page of this console. Open the console itself and try again."""

    code = "foreign_page"
    title = "Not from here"


@dataclass(frozen=True)
class Desk:
    """One request of a member: its transaction, and who they are."""

    session: AsyncSession
    member: SignedIn


NeedsDesk: TypeAlias = NamedDependency[Desk]


async def provide_desk(request: AnyRequest, runtime: NeedsRuntime) -> AsyncIterator[Desk]:
    """The transaction of this request. It is committed before the response leaves."""
    async with runtime.database.transaction(None) as session:
        yield Desk(session, await identify(session, request))


async def identify(session: AsyncSession, request: AnyRequest) -> SignedIn:
    """Who is signed in; the transaction becomes their organisation's. Raises Unauthorised."""
    return await signed_in(session, request.cookies.get(COOKIE, ""))


def check_admin(member: SignedIn) -> None:
    """Raises AdminsOnly for an agent."""
    if not member.is_admin:
        raise AdminsOnly


def same_origin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard against requests that other websites make with a member's cookie.

    Browsers leave Sec-Fetch-Site out on plain http other than localhost; then the origin has to be this very host.
    """
    if connection.scope.get("method") in {"GET", "HEAD", "OPTIONS"}:
        return
    site = connection.headers.get("sec-fetch-site")
    here = {connection.headers.get("host", ""), _public_host(connection)}
    origin = connection.headers.get("origin", "")
    if site != "same-origin" and (site is not None or urlsplit(origin).netloc not in here):
        raise ForeignPage


def _public_host(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    runtime: Runtime = connection.app.state.runtime
    return urlsplit(runtime.settings.url).netloc


def session_cookie(runtime: Runtime, token: str) -> Cookie:
    return _cookie(runtime, token, runtime.settings.member_session_days * DAY_S)


def no_cookie(runtime: Runtime) -> Cookie:
    """Takes the session's cookie away."""
    return _cookie(runtime, "", 0)


def _cookie(runtime: Runtime, value: str, max_age: int) -> Cookie:
    secure = runtime.settings.url.startswith("https://")
    return Cookie(
        COOKIE, value=value, path="/console", max_age=max_age, httponly=True, samesite="lax", secure=secure
    )


def local_path(wanted: str) -> str:
    """`wanted` if it is an address of this console, otherwise where the console begins."""
    plain = wanted.isprintable() and "\\" not in wanted and "/." not in unquote(wanted)
    return wanted if plain and wanted.startswith(HOME) else HOME


def address(request: AnyRequest) -> str:
    return request.client.host if request.client else "unknown"
