"""Running the server: `serve`, `worker`, `migrate`, `seed`."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Coroutine
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any

import click
import uvicorn
from litestar import Litestar
from sqlalchemy.engine import URL

from app.cli.common import DatabaseAddress, database_address, open_database, told_plainly
from app.cli.seeding import SignIn, seed_demo
from app.config import Settings, load_settings
from app.kit.migrate import migrate as migrate_database
from app.main import assemble, beside, create_app, run_worker
from app.realtime.hub import Hub
from ingest.embed import static_embedder

LEAVE_WITHIN_MS = 3000
LINGER_S = 1.0
GRACE_S = 10
DEAD_LINE_MS = 30_000
# A proxy that keeps its connections for less long never sends a request on one that is just being given up.
SILENT_FOR_S = 130
# How many new objects the garbage collector waits for.
FRESH_OBJECTS = 10_000


@click.command()
@click.option(
    "--demo/--no-demo", default=True, show_default=True, help="Make the demo organisation on first start."
)
def serve(*, demo: bool) -> None:
    """Start the server: migrate the database, then serve the widget, the console and the API.

    Settings come from the environment: HOST, PORT, DATABASE_URL, OPENAI_API_KEY and more, see docs/operations.md.
    """
    with told_plainly():
        settings = load_settings()
        _log(settings)
        _leave_on_signals()
        listener = _listen(settings)
        with database_address(settings) as address:
            run_fast(_serve(settings, address, listener, demo=demo))


def run_fast(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop, where there is one: what a server does all day costs a third less there."""
    if find_spec("uvloop"):
        import_module("uvloop").run(work)
    else:
        asyncio.run(work)


async def _serve(
    settings: Settings, address: DatabaseAddress, listener: socket.socket, *, demo: bool
) -> None:
    await migrate_database(address.owner)
    sign_ins = await _seeded(address) if demo else []
    port = int(listener.getsockname()[1])
    app = create_app(settings, address.app)
    server = Server(served(app, GRACE_S), app.state.runtime.hub)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    if server.started:
        _tell(settings, port, sign_ins, demo=demo)
        await asyncio.to_thread(settle)
    await serving


def served(app: Litestar, grace_s: int) -> uvicorn.Config:
    """How requests reach the application. `grace_s` is how long those under way may take once it is told to stop."""
    return uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        timeout_keep_alive=SILENT_FOR_S,
        timeout_graceful_shutdown=grace_s,
    )


def settle() -> None:
    """Has what the first question needs in memory, and the garbage collector leave alone what stays there: while it
    looks through all of that, nobody is answered.
    """
    static_embedder()
    gc.collect()
    gc.freeze()
    gc.set_threshold(FRESH_OBJECTS)


class Server(uvicorn.Server):
    """On a signal it first asks every open stream to leave and come back later, then stops as uvicorn does.

    After SIGTERM it goes on serving for a moment, no longer ready, so that whoever spreads requests over several
    servers takes this one out before it refuses connections.
    """

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        loop = asyncio.get_running_loop()
        linger = LINGER_S if sig == signal.SIGTERM and not self._hub.draining else 0
        loop.call_soon_threadsafe(self._hub.drain, LEAVE_WITHIN_MS)
        loop.call_soon_threadsafe(loop.call_later, linger, super().handle_exit, sig, frame)


def _leave_on_signals() -> None:
    """What uvicorn does once it has stopped is to raise the signal again: then everything else is let go of, too."""

    def leave(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise click.ClickException(_why_not_listening(settings, error)) from error
    # Connections inherit it: a reader whose line has died is noticed although nobody says goodbye.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_LINE_MS)
    return listener


def _why_not_listening(settings: Settings, error: OSError) -> str:
    why = (error.strerror or str(error)).partition(" (while")[0]
    advice = "HOST is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all of its addresses"
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        advice = "Choose another port: PORT=8001 frontdesk serve"
    return f"Cannot listen on {settings.host}:{settings.port} ({why}). {advice}."


def _tell(settings: Settings, port: int, sign_ins: list[SignIn], *, demo: bool) -> None:
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        shown = "127.0.0.1"
    url = settings.public_url or f"http://{shown}:{port}"
    lines = ["", "Frontdesk is ready.", ""]
    if demo:
        lines.append(f"  Demo page          {url}/demo")
    lines += [f"  Console            {url}/console/", f"  API documentation  {url}/schema/", ""]
    if sign_ins:
        lines.append("Sign in to the console with these; they are shown only now:")
        lines += [f"  {held.role:<6} {held.email:<24} {held.password}" for held in sign_ins]
    elif demo:
        lines.append("Forgotten the sign-in? `frontdesk member password ADDRESS` sets a new one.")
    model = settings.openai_model if settings.has_model else "none: answers are quoted from the documents"
    lines += ["", f"Model: {model}. Stop with Ctrl-C.", ""]
    click.echo("\n".join(lines))


async def _seeded(address: DatabaseAddress) -> list[SignIn]:
    async with open_database(address) as database:
        return await seed_demo(database)


@click.command()
def worker() -> None:
    """Run jobs (answers, documents) in a process of their own. Start as many as you like.

    The server runs jobs too, unless FRONTDESK_WORKER=false.
    """
    with told_plainly():
        settings = load_settings()
        _log(settings)
        with database_address(settings) as address:
            run_fast(_work(settings, address.app))


async def _work(settings: Settings, url: URL) -> None:
    runtime = assemble(settings, url)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopping.set)
    click.echo("Working. Stop with Ctrl-C.")
    await asyncio.to_thread(settle)
    async with beside(runtime.bus.run()):
        await run_worker(runtime, stopping)
    await runtime.close()


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date. `serve` does it by itself."""
    with told_plainly(), database_address(load_settings()) as address:
        asyncio.run(migrate_database(address.owner))
        click.echo("The database is up to date.")


@click.command()
def seed() -> None:
    """Make the demo organisation, which knows Frontdesk's own documentation. Does nothing where it exists."""
    with told_plainly(), database_address(load_settings()) as address:
        asyncio.run(migrate_database(address.owner))
        sign_ins = asyncio.run(_seeded(address))
    for held in sign_ins:
        click.echo(f"{held.role:<6} {held.email:<24} {held.password}")
    if not sign_ins:
        click.echo("The demo organisation is there already.")


def _log(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for noisy in ("httpx", "httpx2", "httpcore", "alembic", "pgqueuer", "openai"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
