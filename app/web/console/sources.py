"""Websites: looked at before they are added, watched while they are fetched, and every page with how it stands."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, Parameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.inbox import counts
from app.knowledge import preview
from app.knowledge.pages import Fetcher
from app.knowledge.source_queries import Progress, list_sources, pages_of, source_of
from app.knowledge.sources import (
    MOST_DEPTH,
    MOST_PAGES,
    USUAL_PAGES,
    Every,
    Kind,
    SourceUnknown,
    Wish,
    add_source,
    change_source,
    delete_source,
    pause,
    refresh,
    resume,
)
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, check_admin, identify
from app.web.console.pages import desk_page, from_htmx
from app.web.runtime import NeedsRuntime

HOME = "/console/knowledge/sites"
PAGES = 100
# How long somebody waits who looks at an address before adding it.
LOOK_S = 12.0
Show = Literal["all", "problems"]
PROBLEMS = ("refused", "failed", "gone", "same")


class SourceForm(msgspec.Struct):
    kind: Kind = "site"
    address: str = ""
    every: Every = "week"
    depth: int = 3
    page_limit: int = USUAL_PAGES

    def wish(self) -> Wish:
        return Wish(self.kind, self.address, self.every, self.depth, self.page_limit)


class SettingsForm(msgspec.Struct):
    every: Every = "never"
    depth: int = 3
    page_limit: int = USUAL_PAGES


Form = Annotated[SourceForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Settings = Annotated[SettingsForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/knowledge/sites")
async def sites(request: AnyRequest, desk: NeedsDesk, check: FromQuery[UUID | None] = None) -> Template:
    return await _list_page(request, desk, check)


@post("/knowledge/sites")
async def add(request: AnyRequest, desk: NeedsDesk, data: Form) -> Response[Any]:
    check_admin(desk.member)
    source = await add_source(desk.session, data.wish(), by=desk.member.id)
    return await _shown(request, desk, source.id)


@post("/knowledge/sites/check")
async def check_first(request: AnyRequest, runtime: NeedsRuntime, data: Form) -> Response[Any]:
    """No transaction is held while the address is looked at."""
    async with runtime.database.transaction(None) as session:
        member = await identify(session, request)
    check_admin(member)
    runtime.limits.count(f"look:{member.id}", most=30, per_s=60)
    fetcher = replace(Fetcher.of(runtime.settings), seconds=LOOK_S)
    found = await preview.look(fetcher, data.wish())
    async with runtime.database.transaction(member.org_id) as session:
        seen = await preview.keep(session, data.wish(), found)
        if from_htmx(request):
            return await _list_page(request, Desk(session, member), seen)
    return Redirect(f"{HOME}?check={seen}", status_code=HTTP_303_SEE_OTHER)


class SourceDoor(Controller):
    path = "/knowledge/sites/{source_id:uuid}"

    @get("/")
    async def read(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        source_id: FromPath[UUID],
        show: FromQuery[Show] = "all",
        limit: Annotated[int, Parameter(ge=1, le=100_000)] = PAGES,
    ) -> Template:
        return await _source_page(request, desk, source_id, show, limit)

    @post("/settings")
    async def settings(
        self, request: AnyRequest, desk: NeedsDesk, source_id: FromPath[UUID], data: Settings
    ) -> Response[Any]:
        check_admin(desk.member)
        await change_source(
            desk.session, source_id, every=data.every, depth=data.depth, page_limit=data.page_limit
        )
        return await _shown(request, desk, source_id)

    @post("/refresh")
    async def refresh_now(
        self, request: AnyRequest, desk: NeedsDesk, source_id: FromPath[UUID]
    ) -> Response[Any]:
        check_admin(desk.member)
        await refresh(desk.session, source_id)
        return await _shown(request, desk, source_id)

    @post("/pause")
    async def stop(self, request: AnyRequest, desk: NeedsDesk, source_id: FromPath[UUID]) -> Response[Any]:
        check_admin(desk.member)
        await pause(desk.session, source_id)
        return await _shown(request, desk, source_id)

    @post("/resume")
    async def go_on(self, request: AnyRequest, desk: NeedsDesk, source_id: FromPath[UUID]) -> Response[Any]:
        check_admin(desk.member)
        await resume(desk.session, source_id)
        return await _shown(request, desk, source_id)

    @post("/delete")
    async def delete(self, request: AnyRequest, desk: NeedsDesk, source_id: FromPath[UUID]) -> Response[Any]:
        check_admin(desk.member)
        await delete_source(desk.session, source_id)
        if from_htmx(request):
            return await _list_page(request, desk, None, headers={"HX-Push-Url": HOME})
        return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


async def _shown(request: AnyRequest, desk: Desk, source_id: UUID) -> Response[Any]:
    address = f"{HOME}/{source_id}"
    if from_htmx(request):
        return await _source_page(request, desk, source_id, "all", PAGES, headers={"HX-Push-Url": address})
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)


async def _list_page(
    request: AnyRequest, desk: Desk, check: UUID | None, *, headers: dict[str, str] | None = None
) -> Template:
    checked = await preview.kept(desk.session, check) if check else None
    wish = checked[0] if checked else Wish("site", "", "week")
    return await desk_page(
        request,
        desk,
        "sources.html",
        await counts(desk.session, desk.member.id),
        address=f"{HOME}?check={check}" if checked else HOME,
        headers={**({"HX-Push-Url": f"{HOME}?check={check}"} if checked else {}), **(headers or {})},
        part="sites",
        sources=await list_sources(desk.session),
        wish=wish,
        found=checked[1] if checked else None,
        check=check,
        most_depth=MOST_DEPTH,
        most_pages=MOST_PAGES,
    )


async def _source_page(
    request: AnyRequest,
    desk: Desk,
    source_id: UUID,
    show: Show,
    limit: int,
    *,
    headers: dict[str, str] | None = None,
) -> Template:
    progress = await _known(desk.session, source_id)
    only = PROBLEMS if show == "problems" else ()
    pages = await pages_of(desk.session, source_id, only=only, limit=limit + 1)
    asked = f"?show={show}&limit={limit}" if (show, limit) != ("all", PAGES) else ""
    return await desk_page(
        request,
        desk,
        "source.html",
        await counts(desk.session, desk.member.id),
        address=f"{HOME}/{source_id}{asked}",
        headers=headers,
        part="sites",
        it=progress,
        pages=pages[:limit],
        more=limit * 2 if len(pages) > limit else None,
        show=show,
        most_depth=MOST_DEPTH,
        most_pages=MOST_PAGES,
    )


async def _known(session: AsyncSession, source_id: UUID) -> Progress:
    progress = await source_of(session, source_id)
    if progress is None:
        raise SourceUnknown
    return progress


handlers: list[ControllerRouterHandler] = [sites, add, check_first, SourceDoor]
