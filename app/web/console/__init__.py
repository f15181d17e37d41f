"""The members' door: inbox, team, conversations and knowledge, as pages that keep themselves up to date."""

from pathlib import Path

from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath

from app.kit.errors import NotFound
from app.web.console import (
    answers,
    files,
    golden,
    inbox,
    insights,
    knowledge,
    live,
    messages,
    playground,
    settings,
    sign_in,
    sources,
    team,
    written,
)
from app.web.console.errors import PAGES
from app.web.console.identity import provide_desk, same_origin
from app.web.console.pages import HEADERS


@get("/{rest:path}")
async def nowhere(rest: FromPath[Path]) -> None:  # noqa: ARG001 (what the address is does not matter)
    raise NotFound


router = Router(
    "/console",
    route_handlers=[
        *sign_in.handlers,
        *answers.handlers,
        *files.handlers,
        *golden.handlers,
        *insights.handlers,
        *inbox.handlers,
        *team.handlers,
        *messages.handlers,
        *knowledge.handlers,
        *playground.handlers,
        *settings.handlers,
        *sources.handlers,
        *written.handlers,
        *live.handlers,
        nowhere,
    ],
    dependencies={"desk": Provide(provide_desk)},
    guards=[same_origin],
    exception_handlers=PAGES,
    response_headers=HEADERS,
    include_in_schema=False,
)
