"""Every error as something to read: a page of its own, or a note on the page where it happened."""

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_401_UNAUTHORIZED, HTTP_404_NOT_FOUND
from litestar.types import ExceptionHandlersMap

from app.web.console.identity import HOME, AnyRequest
from app.web.console.pages import HEADERS, from_htmx, page
from app.web.errors import PROBLEMS, describe

NOT_FOUND = "There is nothing at this address. It may have been deleted, or belong to another organisation."
# Tells the browser's code that the body is a note to show, and not a page of something in between.
NOTE = {"Frontdesk-Note": "1"}


def as_page(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    status, _code, title, detail, headers = describe(error)
    if status == HTTP_401_UNAUTHORIZED:
        return to_sign_in(request)
    if status == HTTP_404_NOT_FOUND:
        title, detail = "Not found", NOT_FOUND
    if from_htmx(request):
        return page("note.html", status=status, headers=HEADERS | NOTE | headers, title=title, detail=detail)
    return page(
        "error.html", status=status, headers=HEADERS | headers, title=title, detail=detail, code=status
    )


def to_sign_in(request: AnyRequest) -> Response[Any]:
    """Where to sign in, and from there back to what was asked for."""
    target = f"/console/sign-in?next={quote(_page_of(request))}"
    if from_htmx(request):
        return Response("", status_code=HTTP_401_UNAUTHORIZED, headers=HEADERS | {"HX-Redirect": target})
    if "text/event-stream" in request.headers.get("accept", ""):
        return Response("", status_code=HTTP_401_UNAUTHORIZED, headers=HEADERS)
    return Redirect(target, status_code=HTTP_303_SEE_OTHER, headers=HEADERS)


def _page_of(request: AnyRequest) -> str:
    if from_htmx(request):
        shown = urlsplit(request.headers.get("hx-current-url", HOME))
        return shown.path + (f"?{shown.query}" if shown.query else "")
    if request.method != "GET":
        return HOME
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


PAGES: ExceptionHandlersMap = dict.fromkeys(PROBLEMS, as_page)
