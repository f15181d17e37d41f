"""The composition root of the server: settings in, an ASGI application out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from sqlalchemy.engine import URL

from app.answering.turn import Context
from app.config import Settings
from app.conversations import queries
from app.kit.begun import Begun
from app.kit.db import WORK_PATIENCE_S, WORK_POOL, Database
from app.kit.limits import Limits
from app.kit.worker import Worker
from app.knowledge.queries import knowledge_head
from app.quality import replay
from app.reactions import REACTIONS
from app.realtime import topics
from app.realtime.attendance import Attendance
from app.realtime.bus import LocalBus, SignalBus
from app.realtime.caps import OpenStreams
from app.realtime.drafts import Drafts
from app.realtime.hub import HeadReader, Hub
from app.realtime.presence import Presence
from app.realtime.redis_bus import RedisBus
from app.realtime.shared_attendance import SharedAttendance
from app.realtime.shared_drafts import SharedDrafts
from app.staff.overview import team_heads
from app.tenancy.members import member_heads
from app.visitors.sessions import visitor_heads
from app.web import console, operator, widget
from app.web.console.errors import as_page
from app.web.errors import PROBLEMS, as_problem
from app.web.request import AnyBody
from app.web.runtime import Runtime, provide_runtime
from app.web.static_files import static_files
from app.web.widget.cors import allow_origins
from app.worker import all_jobs

WEB = Path(__file__).resolve().parent / "web"
TEMPLATES = [WEB / "console" / "templates", WEB / "widget" / "templates"]
# How long jobs under way may take to end when the server stops, before they are given back.
DRAIN_S = 2.0


def create_app(settings: Settings, database_url: str | URL) -> Litestar:
    """The whole server. `database_url` is the application role's, or one that may become it."""
    runtime = assemble(settings, database_url)
    return Litestar(
        route_handlers=[
            *widget.route_handlers,
            *operator.route_handlers,
            console.router,
            static_files(),
        ],
        dependencies={"runtime": Provide(provide_runtime)},
        exception_handlers={**PROBLEMS, NotFoundException: _unrouted},
        request_class=AnyBody,
        middleware=[allow_origins],
        lifespan=[run_background],
        state=State({"runtime": runtime}),
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(_templates())),
        openapi_config=_openapi(),
        request_max_body_size=1024 * 1024,
        logging_config=None,
    )


def _unrouted(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An address that no route takes has no door whose errors it would have, but it looks like one."""
    told = as_page if request.url.path.startswith(f"{console.router.path}/") else as_problem
    return told(request, error)


def assemble(settings: Settings, database_url: str | URL) -> Runtime:
    bus: SignalBus = RedisBus(settings.redis_url) if settings.redis_url else LocalBus()
    hub = Hub(bus)
    presence = Presence(_attendance(bus, hub))
    begun = Begun()
    info = {"bus": bus, "presence": presence, "begun": begun}
    work = Database(
        database_url, reactions=REACTIONS, info=info, pool_size=WORK_POOL, patience_s=WORK_PATIENCE_S
    )
    for prefix, reader in head_readers(work).items():
        hub.read_heads(prefix, reader)
    return Runtime(
        settings=settings,
        database=Database(database_url, reactions=REACTIONS, info=info),
        work=work,
        bus=bus,
        begun=begun,
        hub=hub,
        drafts=_drafts(bus, hub),
        presence=presence,
        limits=Limits(),
        streams=OpenStreams(),
    )


def _drafts(bus: SignalBus, hub: Hub) -> Drafts:
    if not isinstance(bus, RedisBus):
        return Drafts(bus)
    bus.on_renewed(hub.mark_all)
    return SharedDrafts(bus, hub)


def _attendance(bus: SignalBus, hub: Hub) -> Attendance:
    return SharedAttendance(bus, hub) if isinstance(bus, RedisBus) else Attendance(bus)


def head_readers(database: Database) -> dict[str, HeadReader]:
    """How the backstop reads the head of each kind of topic."""

    async def conversations(org_id: UUID, watched: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            heads = await queries.heads(session, list(map(_id, watched)))
        return {topics.conversation(conversation_id): head for conversation_id, head in heads.items()}

    async def inbox(org_id: UUID, _: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            return {topics.inbox(org_id): await queries.inbox_head(session)}

    async def knowledge(org_id: UUID, _: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            return {topics.knowledge(org_id): (await knowledge_head(session), await replay.head(session))}

    async def visitors(org_id: UUID, watched: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            held = await visitor_heads(session, list(map(_id, watched)))
        return {topics.visitor(visitor_id): head for visitor_id, head in held.items()}

    async def members(org_id: UUID, watched: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            held = await member_heads(session, list(map(_id, watched)))
        return {topics.member(member_id): head for member_id, head in held.items()}

    async def team(org_id: UUID, watched: Sequence[str]) -> Mapping[str, object]:
        async with database.transaction(org_id) as session:
            held = await team_heads(session, list(map(_id, watched)))
        return {topics.team(member_id): head for member_id, head in held.items()}

    return {
        "conversation": conversations,
        "inbox": inbox,
        "knowledge": knowledge,
        "visitor": visitors,
        "member": members,
        "team": team,
    }


def _id(topic: str) -> UUID:
    return UUID(topic.partition(":")[2])


@asynccontextmanager
async def run_background(app: Litestar) -> AsyncIterator[None]:
    """Signals, the backstop and, unless FRONTDESK_WORKER is false, a job worker run beside the server."""
    runtime: Runtime = app.state.runtime
    stopping = asyncio.Event()
    async with AsyncExitStack() as running:
        running.push_async_callback(runtime.close)
        await running.enter_async_context(beside(runtime.bus.run()))
        await running.enter_async_context(beside(runtime.hub.run_backstop()))
        await running.enter_async_context(beside(runtime.presence.attendance.run()))
        work = asyncio.create_task(run_worker(runtime, stopping)) if runtime.settings.worker else None
        try:
            yield
        finally:
            stopping.set()
            if work:
                await work


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs `work` until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def run_worker(runtime: Runtime, stopping: asyncio.Event) -> None:
    """Runs jobs until `stopping`; what does not end soon after goes back to the queue."""
    context = Context(runtime.settings, runtime.work, runtime.drafts, runtime.ahead)
    await asyncio.to_thread(context.prepare)
    lease_s = runtime.settings.job_lease_s
    worker = Worker(runtime.work, all_jobs(), context, lease_s=lease_s, begun=runtime.begun)
    work = asyncio.create_task(worker.run())
    await stopping.wait()
    await worker.stop(grace_s=DRAIN_S)
    await asyncio.wait([work], timeout=DRAIN_S)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    await context.close()


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _openapi() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="The token of POST /v1/sessions.")
    swagger = SwaggerRenderPlugin(
        js_url="/static/swagger-ui-bundle.js",
        css_url="/static/swagger-ui.css",
        standalone_preset_js_url="/static/swagger-ui-standalone-preset.js",
        favicon="<link rel='icon' href='data:,'>",
    )
    return OpenAPIConfig(
        title="Frontdesk",
        version="0.1.0",
        description="The widget's API. Errors are problem documents (RFC 9457); times are RFC 3339.",
        path="/schema",
        render_plugins=[swagger],
        components=Components(security_schemes={"visitor": bearer}),
    )
