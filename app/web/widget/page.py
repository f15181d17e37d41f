"""What a page loads: the widget's loader; and a page of our own to try it on."""

from litestar import MediaType, Response, get
from litestar.response import Redirect, Template

from app.kit.errors import NotFound
from app.tenancy.organisations import OrganisationUnknown, enter_organisation, first_site
from app.web.errors import PROBLEMS, as_text
from app.web.runtime import NeedsRuntime
from app.web.static_files import STATIC

DEMO = "demo"


class NotBuilt(NotFound):
    """The widget has not been built. Run `make setup`."""

    code = "not_built"
    title = "Not built"


@get(
    "/widget.js",
    summary="The embed loader",
    tags=["Page"],
    media_type="text/javascript",
    exception_handlers=dict.fromkeys(PROBLEMS, as_text),
)
async def loader() -> Response[bytes]:
    file = STATIC / "widget.js"
    if not file.is_file():
        raise NotBuilt
    # The loader names the panel by its hash, so an hour is how long an old widget can live on.
    headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    return Response(file.read_bytes(), media_type="text/javascript; charset=utf-8", headers=headers)


@get("/", include_in_schema=False)
async def home() -> Redirect:
    return Redirect("/demo")


@get("/demo", include_in_schema=False, media_type=MediaType.HTML)
async def demo(runtime: NeedsRuntime) -> Template:
    async with runtime.database.transaction(None) as session:
        try:
            organisation = await enter_organisation(session, DEMO)
        except OrganisationUnknown as error:
            raise NotFound("There is no demo organisation here. `frontdesk seed` makes one.") from error
        site = await first_site(session)
    return Template("demo.html", context={"organisation": organisation, "site": site})
