"""What a page loads: the widget's loader; and a page of our own to try it on."""

from hashlib import sha256
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

from app.kit.errors import NotFound
from app.tenancy.organisations import OrganisationUnknown, enter_organisation, first_site
from app.web.errors import PROBLEMS, as_text
from app.web.runtime import NeedsRuntime
from app.web.static_files import PACKED, STATIC

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
    middleware=[PACKED],
    exception_handlers=dict.fromkeys(PROBLEMS, as_text),
)
async def loader(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Browsers keep it and ask each time whether it is still the one: it names a panel that an upgrade takes away."""
    file = STATIC / "widget.js"
    if not file.is_file():
        raise NotBuilt
    script = file.read_bytes()
    etag = f'"{sha256(script).hexdigest()[:16]}"'
    headers = {"Cache-Control": "public, no-cache", "ETag": etag, "Access-Control-Allow-Origin": "*"}
    known = request.headers.get("if-none-match") == etag
    return Response(
        b"" if known else script,
        status_code=HTTP_304_NOT_MODIFIED if known else HTTP_200_OK,
        media_type="text/javascript; charset=utf-8",
        headers=headers,
    )


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
