"""Every error as a problem document (RFC 9457): what went wrong and what to do, never a traceback."""

import logging
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from app.kit.errors import Problem
from app.kit.failures import database_is_away
from app.kit.ids import new_id

log = logging.getLogger(__name__)

SERVER_ERROR = 500


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
        title = (
            str(error.detail) if not isinstance(error, ValidationException) else "The request is not valid"
        )
        return error.status_code, "bad_request", title, _sentence(error), dict(error.headers or {})
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
        return fields or "The body must be a JSON object as the API documentation describes it."
    return str(error.detail)


def _fields(error: ValidationException) -> list[dict[str, str]]:
    found = error.extra if isinstance(error.extra, list) else []
    return [
        {"field": str(item.get("key", "")) or "body", "message": str(item.get("message", ""))}
        for item in found
        if isinstance(item, dict)
    ]


PROBLEMS: ExceptionHandlersMap = {Problem: as_problem, HTTPException: as_problem, Exception: as_problem}
