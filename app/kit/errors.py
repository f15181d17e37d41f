"""Errors are named facts: a room raises one, the door turns it into a problem document (RFC 9457)."""

from typing import ClassVar


class Problem(Exception):
    """What went wrong and what to do about it. `detail` is shown to the person who asked."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        self.detail = detail or (self.__doc__ or "").strip()
        self.headers = headers or {}
        super().__init__(self.detail)


class NotFound(Problem):
    """There is nothing at this address."""

    status = 404
    code = "not_found"
    title = "Not found"


class Forbidden(Problem):
    """You may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class Conflict(Problem):
    """The state of things has changed in the meantime. Reload and try again."""

    status = 409
    code = "conflict"
    title = "Conflict"


class Invalid(Problem):
    """The request is understood, but its content cannot be used."""

    status = 422
    code = "invalid"
    title = "The content cannot be used"


class Unauthorised(Problem):
    """Sign in first."""

    status = 401
    code = "unauthorised"
    title = "Not signed in"


class TooManyRequests(Problem):
    """Too many requests in a short time. Wait a moment and try again."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class Unavailable(Problem):
    """The service cannot answer right now. Try again in a moment."""

    status = 503
    code = "unavailable"
    title = "Not available right now"
