"""What a page asks before it has a visitor: the site's look, and a session."""

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from app.conversations.views import moment
from app.handoff.desk import availability
from app.tenancy.organisations import (
    OriginForbidden,
    SiteUnknown,
    check_origin,
    enter_site,
    organisation_name,
)
from app.visitors.sessions import start_session
from app.web.refusals import refusals
from app.web.runtime import NeedsRuntime
from app.web.widget.availability import available
from app.web.widget.identity import AnyRequest, address, own_origin
from app.web.widget.schemas import NewSession, Session, SiteInfo, VisitorRef


class SiteDoor(Controller):
    path = "/v1"
    tags = ["Page"]

    @get(
        "/sites/{key:str}",
        summary="Look, greeting, starters and availability of a site",
        responses=refusals(SiteUnknown, OriginForbidden, texts=True),
    )
    async def site(self, request: AnyRequest, runtime: NeedsRuntime, key: FromPath[str]) -> SiteInfo:
        async with runtime.database.transaction(None) as session:
            site = await enter_site(session, key)
            check_origin(site, request.headers.get("origin"), own=own_origin(request))
            return SiteInfo(
                key=site.key,
                name=site.name,
                organisation=await organisation_name(session),
                greeting=site.greeting,
                intro=site.intro,
                starters=site.starters,
                accent=site.accent,
                language=site.language,
                privacy_url=site.privacy_url,
                attachment_limit=runtime.settings.attachment_limit,
                availability=available(await availability(session, site.id)),
            )

    @post(
        "/sessions",
        summary="Start a session: an anonymous visitor and their token",
        responses=refusals(SiteUnknown, OriginForbidden, body=True),
    )
    async def start(self, request: AnyRequest, runtime: NeedsRuntime, data: JSONBody[NewSession]) -> Session:
        runtime.limits.count(f"sessions:{address(request)}", most=60, per_s=60)
        async with runtime.database.transaction(None) as session:
            site = await enter_site(session, data.site)
            check_origin(site, request.headers.get("origin"), own=own_origin(request))
            days = runtime.settings.visitor_session_days
            started = await start_session(
                session,
                site,
                days=days,
                language=data.language,
                page=data.page,
                address=address(request),
            )
        return Session(started.token, VisitorRef(started.visitor_id), moment(started.expires_at))
