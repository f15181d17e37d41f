"""What the API documentation says of refusals: each is a problem document, told apart by its code."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from app.kit.errors import Problem, TooManyRequests, Unavailable
from app.tenancy.organisations import OriginForbidden
from app.visitors.sessions import TokenExpired, TokenInvalid

MEDIA_TYPE = "application/problem+json"
# Those that no room raises: the doors tell them of requests that never reach one (app/web/errors.py).
OF_ANY_REQUEST = [(400, "bad_request", "The request is not valid; `errors` names the fields.")]
OF_TEXTS = [(422, "text_unusable", "A text holds the character NUL. Send it without.")]
OF_BODIES = [
    *OF_TEXTS,
    (408, "too_slow", "The request stopped before its end, so nothing was done. Send it again."),
    (413, "too_large", "The request is larger than this address takes."),
]
# What may happen to whoever calls as a visitor.
VISITOR = (TokenInvalid, TokenExpired, OriginForbidden)


class FieldProblem(msgspec.Struct):
    field: str
    message: str


class ProblemDocument(msgspec.Struct):
    """RFC 9457. `code` is for programs and stays as it is, `detail` says to people what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | msgspec.UnsetType = msgspec.UNSET


def refusals(*problems: type[Problem], texts: bool = False, body: bool = False) -> dict[int, ResponseSpec]:
    """A handler's `responses`: these problems and those of any request. `texts`: it takes some; `body`: in a body."""
    told = [*OF_ANY_REQUEST, *(OF_BODIES if body else OF_TEXTS if texts else ())]
    told += [_told(problem) for problem in (*problems, TooManyRequests, Unavailable)]
    return _by_status(told)


def repeated(data: type[Any]) -> dict[int, ResponseSpec]:
    """What a write answers to a `client_id` that it knows."""
    said = "This client_id was used before: nothing has changed, and this is what it made then."
    return {200: ResponseSpec(data, description=said, generate_examples=False)}


def _told(problem: type[Problem]) -> tuple[int, str, str]:
    return problem.status, problem.code, " ".join((problem.__doc__ or "").split())


def _by_status(told: Iterable[tuple[int, str, str]]) -> dict[int, ResponseSpec]:
    lines: dict[int, list[str]] = defaultdict(list)
    for status, code, says in told:
        lines[status].append(f"`{code}`: {says}")
    return {
        status: ResponseSpec(
            ProblemDocument, description="\n\n".join(said), media_type=MEDIA_TYPE, generate_examples=False
        )
        for status, said in sorted(lines.items())
    }
