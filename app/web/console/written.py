"""Knowledge that is written here: questions with an answer, and snippets, edited in their place in the list."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.conversations.inbox import counts
from app.knowledge.faq_table import MOST_BYTES, read_table, table_of
from app.knowledge.written import (
    Draft,
    EntryUnknown,
    Kind,
    list_written,
    remove,
    rewrite,
    switch,
    take_in,
    write,
)
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, check_admin
from app.web.console.pages import desk_page, from_htmx
from app.web.console.sent import sent_table

HOME = "/console/knowledge/written"


class EntryForm(msgspec.Struct):
    """`questions` holds one in a line. A box that is not ticked is not sent."""

    kind: Kind = "faq"
    questions: str = ""
    text: str = ""
    language: str = ""
    active: str = ""

    def draft(self) -> Draft:
        questions = self.questions.splitlines() if self.kind == "faq" else [self.questions]
        return Draft(questions, self.text, self.language or None, bool(self.active))


class SwitchForm(msgspec.Struct):
    active: str = ""


Entry = Annotated[EntryForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Switch = Annotated[SwitchForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class WrittenDoor(Controller):
    path = "/knowledge/written"

    @get("/")
    async def read(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        new: FromQuery[Kind | None] = None,
        edit: FromQuery[UUID | None] = None,
        ask: FromQuery[list[str] | None] = None,
    ) -> Template:
        """`ask` are the questions that a new entry begins with."""
        return await _page(request, desk, new=new, edit=edit, ask=ask or ())

    @post("/")
    async def add(self, request: AnyRequest, desk: NeedsDesk, data: Entry) -> Response[Any]:
        check_admin(desk.member)
        await write(desk.session, data.kind, data.draft(), by=desk.member.id)
        return await _done(request, desk)

    @post("/{entry_id:uuid}")
    async def change(
        self, request: AnyRequest, desk: NeedsDesk, entry_id: FromPath[UUID], data: Entry
    ) -> Response[Any]:
        check_admin(desk.member)
        await rewrite(desk.session, entry_id, data.draft(), by=desk.member.id)
        return await _done(request, desk)

    @post("/{entry_id:uuid}/switch")
    async def turn(
        self, request: AnyRequest, desk: NeedsDesk, entry_id: FromPath[UUID], data: Switch
    ) -> Response[Any]:
        check_admin(desk.member)
        await switch(desk.session, entry_id, active=bool(data.active), by=desk.member.id)
        return await _done(request, desk)

    @post("/{entry_id:uuid}/delete")
    async def delete(self, request: AnyRequest, desk: NeedsDesk, entry_id: FromPath[UUID]) -> Response[Any]:
        check_admin(desk.member)
        await remove(desk.session, entry_id)
        return await _done(request, desk)

    @get("/table")
    async def export(self, desk: NeedsDesk) -> Response[str]:
        """The questions and answers as CSV."""
        headers = {"Content-Disposition": 'attachment; filename="questions.csv"'}
        table = table_of(await list_written(desk.session, "faq"))
        return Response(table, media_type="text/csv; charset=utf-8", headers=headers)

    @post("/table", request_max_body_size=MOST_BYTES)
    async def take(self, request: AnyRequest, desk: NeedsDesk) -> Response[Any]:
        """Adds and changes what a CSV file holds, all of it or nothing."""
        check_admin(desk.member)
        await take_in(desk.session, read_table(await sent_table(request)), by=desk.member.id)
        return await _done(request, desk)


async def _done(request: AnyRequest, desk: Desk) -> Response[Any]:
    if from_htmx(request):
        return await _page(request, desk, headers={"HX-Push-Url": HOME})
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: AnyRequest,
    desk: Desk,
    *,
    new: Kind | None = None,
    edit: UUID | None = None,
    ask: Sequence[str] = (),
    headers: dict[str, str] | None = None,
) -> Template:
    entries = await list_written(desk.session)
    if edit is not None and edit not in {entry.id for entry in entries}:
        raise EntryUnknown
    asking = urlencode([("ask", question) for question in ask])
    doing = f"?new={new}&{asking}".rstrip("&") if new else f"?edit={edit}" if edit else ""
    return await desk_page(
        request,
        desk,
        "written.html",
        await counts(desk.session, desk.member.id),
        address=HOME + doing,
        headers=headers,
        part="written",
        ask=ask,
        entries=entries,
        new=new if desk.member.is_admin else None,
        edit=edit if desk.member.is_admin else None,
    )


handlers: list[ControllerRouterHandler] = [WrittenDoor]
