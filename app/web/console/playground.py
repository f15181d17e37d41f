"""Knowledge → Try a question: what search finds for it, by what, and whether that would be enough to answer."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from app.conversations.inbox import counts
from app.knowledge.question import Query
from app.knowledge.trial import try_question
from app.web.console.identity import AnyRequest, NeedsDesk
from app.web.console.markdown import document_html
from app.web.console.pages import desk_page
from app.web.runtime import NeedsRuntime

HOME = "/console/knowledge/try"
LONGEST = 1_000


@get("/knowledge/try")
async def try_page(
    request: AnyRequest,
    desk: NeedsDesk,
    runtime: NeedsRuntime,
    q: Annotated[str, Parameter(max_length=LONGEST)] = "",
    after: Annotated[str, Parameter(max_length=LONGEST)] = "",
) -> Template:
    """`after` is the question that the visitor asked before, if any."""
    asked, before = q.strip(), after.strip()
    query = Query(asked, (before,) if before else ())
    trial = None
    if asked:
        trial = await try_question(runtime.database, runtime.models, desk.member.org_id, query)
    return await desk_page(
        request,
        desk,
        "try.html",
        await counts(desk.session, desk.member.id),
        address=str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
        part="try",
        asked=asked,
        before=before,
        trial=trial,
        texts=[document_html(passage.text) for passage in trial.passages] if trial else [],
        longest=LONGEST,
    )


handlers: list[ControllerRouterHandler] = [try_page]
