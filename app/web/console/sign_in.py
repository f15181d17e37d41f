"""In and out of the console."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.kit.errors import Problem, Unauthorised
from app.tenancy import members
from app.web.console.identity import (
    COOKIE,
    HOME,
    AnyRequest,
    NeedsDesk,
    address,
    identify,
    local_path,
    no_cookie,
    session_cookie,
)
from app.web.console.pages import page
from app.web.runtime import NeedsRuntime, Runtime

WINDOW_S = 300


class SignIn(msgspec.Struct):
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    password: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    next: str = HOME


Form = Annotated[SignIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/sign-in")
async def sign_in_page(
    request: AnyRequest,
    runtime: NeedsRuntime,
    target: Annotated[str, QueryParameter(name="next")] = HOME,
) -> Template | Redirect:
    if COOKIE in request.cookies and await _is_signed_in(request, runtime):
        return Redirect(local_path(target))
    return _form(target=local_path(target))


@post("/sign-in")
async def sign_in(request: AnyRequest, runtime: NeedsRuntime, data: Form) -> Template | Redirect:
    target = local_path(data.next)
    try:
        runtime.limits.count(f"sign-in:{address(request)}", most=60, per_s=WINDOW_S)
        runtime.limits.count(f"sign-in:{data.email.strip().lower()}", most=20, per_s=WINDOW_S)
        token = await _start(runtime, data)
    except Problem as problem:
        return _refusal(problem, data.email, target)
    return Redirect(target, status_code=HTTP_303_SEE_OTHER, cookies=[session_cookie(runtime, token)])


@post("/sign-out")
async def sign_out(desk: NeedsDesk, runtime: NeedsRuntime) -> Redirect:
    await members.sign_out(desk.session, desk.member.session_id)
    return Redirect("/console/sign-in", status_code=HTTP_303_SEE_OTHER, cookies=[no_cookie(runtime)])


async def _start(runtime: Runtime, data: SignIn) -> str:
    async with runtime.database.transaction(None) as session:
        return await members.sign_in(
            session, email=data.email, password=data.password, days=runtime.settings.member_session_days
        )


async def _is_signed_in(request: AnyRequest, runtime: Runtime) -> bool:
    try:
        async with runtime.database.transaction(None) as session:
            await identify(session, request)
    except Unauthorised:
        return False
    return True


def _refusal(problem: Problem, email: str, target: str) -> Template:
    wrong = isinstance(problem, members.SignInFailed)
    hint = " Check both and try again; an admin of your organisation can set a new password." if wrong else ""
    return _form(target=target, email=email, problem=problem, hint=hint)


def _form(*, target: str, email: str = "", problem: Problem | None = None, hint: str = "") -> Template:
    context: dict[str, Any] = {"target": target, "email": email, "message": problem and problem.detail + hint}
    status = problem.status if problem else 200
    return page("sign_in.html", status=status, headers=problem.headers if problem else None, **context)


handlers: list[ControllerRouterHandler] = [sign_in_page, sign_in, sign_out]
