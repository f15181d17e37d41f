"""Insights → Unanswered: what visitors asked in vain, to be answered once for all who ask it."""

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from app.conversations.inbox import counts
from app.insights.unanswered import DAYS, unanswered
from app.web.console.identity import AnyRequest, NeedsDesk
from app.web.console.pages import desk_page


@get("/insights")
async def unanswered_page(request: AnyRequest, desk: NeedsDesk) -> Template:
    return await desk_page(
        request,
        desk,
        "unanswered.html",
        await counts(desk.session, desk.member.id),
        address="/console/insights",
        place="insights",
        part="unanswered",
        groups=await unanswered(desk.session),
        days=DAYS,
    )


handlers: list[ControllerRouterHandler] = [unanswered_page]
