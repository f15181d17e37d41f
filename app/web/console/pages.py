"""What all pages of the console have in common."""

from typing import Any

from litestar import MediaType
from litestar.datastructures import Cookie
from litestar.response import Template

from app.conversations.inbox import MANY, Counts
from app.staff.overview import badges
from app.tenancy.organisations import organisation_name
from app.web.console.identity import AnyRequest, Desk
from app.web.static_files import asset

# Nothing on these pages runs or draws but what is served beside them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def desk_page(
    request: AnyRequest,
    desk: Desk,
    name: str,
    counts: Counts,
    *,
    address: str,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Template:
    """A page with the navigation beside it. `address` is where a refresh finds the same page again.

    HTMX gets the desk alone, which it lays over the one that it shows.
    """
    common: dict[str, Any] = {
        "member": desk.member,
        "organisation": await organisation_name(desk.session),
        "waiting": few(counts.waiting) if counts.waiting else None,
        "team": await badges(desk.session, desk.member.id),
        "address": address,
        "talk": None,
        "thread": None,
        "layout": "bare.html" if from_htmx(request) else "page.html",
    }
    return page(name, headers=headers, **common | context)


def few(count: int) -> str:
    """A count as it stands on a tab."""
    return str(count) if count < MANY else f"{MANY - 1}+"


def page(
    name: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    cookies: list[Cookie] | None = None,
    **context: Any,
) -> Template:
    return Template(
        name,
        context={"asset": asset, "few": few, **context},
        status_code=status,
        headers=headers or {},
        cookies=cookies or [],
        media_type=MediaType.HTML,
    )


def from_htmx(request: AnyRequest) -> bool:
    return request.headers.get("hx-request") == "true"
