"""Every error as a problem document (RFC 9457): what went wrong and what to do, never a traceback."""

import logging
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from app.kit.errors import Problem
from app.kit.failures import database_is_away, text_is_unusable
from app.kit.ids import new_id

log = logging.getLogger(__name__)

SERVER_ERROR = 500
NOT_VALID = "The request is not valid"
AS_DOCUMENTED = "The body is not what this address takes: see the API documentation at /schema/."
# What the framework says of itself is for developers of the framework: status -> code, title, detail.
IN_OUR_WORDS = {
    404: ("not_found", "Not found", "There is nothing at this address."),
    405: ("method_not_allowed", "Method not allowed", "This address takes other methods; see /schema/."),
    413: ("too_large", "Too large", "The request is larger than this address takes. Send less at once."),
}


def problem_document(
    status: int, code: str, title: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> Response[dict[str, Any]]:
    body = {
        "type": f"urn:frontdesk:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)


def describe(error: Exception) -> tuple[int, str, str, str, dict[str, str]]:
    """Status, code, title, detail and headers of any error; unexpected ones are logged under a number."""
    if isinstance(error, Problem):
        return error.status, error.code, error.title, error.detail, error.headers
    if isinstance(error, HTTPException) and error.status_code < SERVER_ERROR:
        fallback = "bad_request", NOT_VALID, _sentence(error)
        code, title, detail = IN_OUR_WORDS.get(error.status_code, fallback)
        return error.status_code, code, title, detail, dict(error.headers or {})
    if text_is_unusable(error):
        return 422, "text_unusable", "Unusable text", "A text holds the character NUL. Send it without.", {}
    if database_is_away(error):
        log.warning("The database is not reachable: %s", error)
        detail = "The service cannot reach its database. Nothing is lost; try again in a moment."
        return 503, "unavailable", "Not available right now", detail, {"Retry-After": "2"}
    number = str(new_id())
    log.error("Unexpected error %s", number, exc_info=error)
    detail = f"Something went wrong on our side. If it happens again, tell the operator this number: {number}"
    return 500, "unexpected", "Unexpected error", detail, {}


def as_problem(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    status, code, title, detail, headers = describe(error)
    more = {"errors": _fields(error)} if isinstance(error, ValidationException) else {}
    return problem_document(status, code, title, detail, headers=headers, **more)


def as_text(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """For addresses that a script or an image tag loads."""
    status, _code, title, detail, headers = describe(error)
    return Response(f"{title}. {detail}\n", status_code=status, media_type=MediaType.TEXT, headers=headers)


def _sentence(error: HTTPException) -> str:
    if isinstance(error, ValidationException):
        fields = "; ".join(f"{field['field']}: {field['message']}" for field in _fields(error))
        return fields or AS_DOCUMENTED
    return f"The body cannot be read: {error.detail}."


def _fields(error: ValidationException) -> list[dict[str, str]]:
    found = error.extra if isinstance(error.extra, list) else []
    return [
        {"field": str(item.get("key", "")) or "body", "message": str(item.get("message", ""))}
        for item in found
        if isinstance(item, dict)
        and item.get("message") != "'data'"  # no body: the name of the missing argument
    ]


PROBLEMS: ExceptionHandlersMap = {Problem: as_problem, HTTPException: as_problem, Exception: as_problem}
