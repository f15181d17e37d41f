"""Insights → Golden questions: what the assistant must get right, and what came of asking it."""

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
from app.quality.comparing import latest, report, runs
from app.quality.looking import look_later
from app.quality.questions import Draft, QuestionUnknown, add, change, questions, remove, take_in
from app.quality.replay import begin_job
from app.quality.table import as_table, read_questions
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, check_admin
from app.web.console.pages import desk_page, from_htmx
from app.web.console.sent import sent_table
from app.web.runtime import NeedsRuntime

HOME = "/console/insights/golden"
MOST_BYTES = 1024 * 1024


class GoldenForm(msgspec.Struct):
    """What must and must not be said stands one phrase in a line."""

    question: str = ""
    source: str = ""
    must_say: str = ""
    must_not_say: str = ""
    declined: str = ""

    def draft(self) -> Draft:
        said, unsaid = self.must_say.splitlines(), self.must_not_say.splitlines()
        return Draft(self.question, self.source, said, unsaid, bool(self.declined))


Golden = Annotated[GoldenForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class GoldenDoor(Controller):
    path = "/insights/golden"

    @get("/")
    async def read(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        edit: FromQuery[UUID | None] = None,
        new: FromQuery[str | None] = None,
    ) -> Template:
        """`new` is the question that a new one begins with."""
        return await _page(request, desk, new=new, edit=edit)

    @post("/")
    async def write(self, request: AnyRequest, desk: NeedsDesk, data: Golden) -> Response[Any]:
        check_admin(desk.member)
        await add(desk.session, data.draft())
        await look_later(desk.session)
        return await _done(request, desk)

    @post("/{question_id:uuid}")
    async def rewrite(
        self, request: AnyRequest, desk: NeedsDesk, question_id: FromPath[UUID], data: Golden
    ) -> Response[Any]:
        check_admin(desk.member)
        await change(desk.session, question_id, data.draft())
        return await _done(request, desk)

    @post("/{question_id:uuid}/delete")
    async def delete(
        self, request: AnyRequest, desk: NeedsDesk, question_id: FromPath[UUID]
    ) -> Response[Any]:
        check_admin(desk.member)
        await remove(desk.session, question_id)
        return await _done(request, desk)

    @get("/table")
    async def export(self, desk: NeedsDesk) -> Response[str]:
        """The questions as CSV."""
        headers = {"Content-Disposition": 'attachment; filename="golden.csv"'}
        table = as_table(await questions(desk.session))
        return Response(table, media_type="text/csv; charset=utf-8", headers=headers)

    @post("/table", request_max_body_size=MOST_BYTES)
    async def take(self, request: AnyRequest, desk: NeedsDesk) -> Response[Any]:
        """Adds and changes what a CSV or JSON file holds, all of it or nothing."""
        check_admin(desk.member)
        await take_in(desk.session, read_questions(await sent_table(request)))
        await look_later(desk.session)
        return await _done(request, desk)

    @post("/runs")
    async def ask(self, request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime) -> Response[Any]:
        """Asks all of them again."""
        check_admin(desk.member)
        last = await latest(desk.session)
        if last is None or last.state != "running":
            await begin_job(desk.session, runtime.settings, "button")
        return await _done(request, desk)

    @get("/runs/{run_id:uuid}")
    async def read_run(self, request: AnyRequest, desk: NeedsDesk, run_id: FromPath[UUID]) -> Template:
        return await desk_page(
            request,
            desk,
            "golden_run.html",
            await counts(desk.session, desk.member.id),
            address=f"{HOME}/runs/{run_id}",
            place="insights",
            report=await report(desk.session, run_id),
        )


async def _done(request: AnyRequest, desk: Desk) -> Response[Any]:
    if from_htmx(request):
        return await _page(request, desk, headers={"HX-Push-Url": HOME})
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: AnyRequest,
    desk: Desk,
    *,
    new: str | None = None,
    edit: UUID | None = None,
    headers: dict[str, str] | None = None,
) -> Template:
    found = await questions(desk.session)
    if edit is not None and edit not in {question.id for question in found}:
        raise QuestionUnknown
    made = await runs(desk.session)
    last = await report(desk.session, made[0][0].id) if made else None
    doing = urlencode({"new": new} if new is not None else {"edit": edit} if edit else {})
    return await desk_page(
        request,
        desk,
        "golden.html",
        await counts(desk.session, desk.member.id),
        address=f"{HOME}?{doing}" if doing else HOME,
        headers=headers,
        place="insights",
        part="golden",
        questions=found,
        runs=made,
        last=last,
        latest={result.now.question_id: result for result in last.results} if last else {},
        new=new if desk.member.is_admin else None,
        edit=edit if desk.member.is_admin else None,
    )


handlers: list[ControllerRouterHandler] = [GoldenDoor]
