"""Real processes: a PostgreSQL, a Redis, a model endpoint, and two `frontdesk serve` on one database."""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.kit.embedded import EmbeddedDatabase, cluster, release, roles, start
from app.kit.embedded.home import prepare_home
from app.kit.embedded.programs import find_programs
from app.kit.embedded.programs import run as run_program
from app.kit.ids import new_id
from app.staff.starting import start_group
from app.tenancy.members import SignedIn, add_member
from app.tenancy.models import Member
from app.tenancy.organisations import enter_organisation
from bench.faults import FaultProxy
from bench.signals import SignalProxy
from bench.soaking.judge import BY_MODEL
from bench.soaking.staff import Team
from tests.model_server import Act, ModelServer
from tests.redis_server import RedisServer, free_port

FRONTDESK = Path(sys.executable).with_name("frontdesk")
ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"v\d+-m\d+")
PASSWORD = "a password for the soak"  # noqa: S105 (of members that live for minutes)


def answer_to(marker: str) -> str:
    """Of each question its own answer, with characters that take one, two, three and four bytes.

    It asks, because what it said would be marked as standing in no source.
    """
    return (
        f"{BY_MODEL}{marker}: "
        + f"words for {marker}, naïve café 漢字 🙂 and so on, " * 5
        + "and an end [1]?"
    )


def say(body: dict[str, Any]) -> str:
    found = MARKER.findall(body["messages"][-1]["content"])
    return answer_to(found[-1]) if found else "I cannot tell."


# Every way in which an endpoint can fail, apart from taking no connections.
FAILURES = {
    "unauthorised": Act(status=401),
    "too_many_requests": Act(status=429, retry_after="1"),
    "server_error": Act(status=500),
    "hangs_at_once": Act(silent=True, end="hang"),
    "hangs_midway": Act(text=say, after=12, end="hang"),
    "drips": Act(text=say, pause_s=0.5),
    "cut": Act(text=say, after=12, end="cut"),
    "reset": Act(text=say, after=12, end="reset"),
    "error_event": Act(text=say, after=12, end="error"),
    "bad_json": Act(text=say, after=12, end="garbage"),
    "length": Act(text=say, after=12, reason="length"),
    "content_filter": Act(text=say, after=12, reason="content_filter"),
}


@dataclass
class Brain(ModelServer):
    """The model endpoint. While `bad` it fails in one way after the other, else so at the odds of `moody`."""

    bad: bool = False
    moody: float = 0.0
    random: Random = field(default_factory=Random)
    failed: Counter[str] = field(default_factory=Counter)
    _deck: list[str] = field(default_factory=list)

    def _next(self) -> Act:
        self.requests.clear()
        fails = self.bad or self.random.random() < self.moody
        return self._fail_somehow() if fails else Act(text=say, pause_s=0.01)

    def _fail_somehow(self) -> Act:
        if not self._deck:
            self._deck = self.random.sample(list(FAILURES), len(FAILURES))
        way = self._deck.pop()
        self.failed[way] += 1
        return FAILURES[way]


@dataclass
class Server:
    """One `frontdesk serve`."""

    port: int
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Returns once it is ready. A start that fails, as without a database, is repeated as a supervisor would."""
        async with (
            self._starting,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=2) as http,
            asyncio.timeout(180),
        ):
            while not await self._ready(http):
                if self.process is None or self.process.returncode is not None:
                    await self._spawn()
                await asyncio.sleep(0.1)

    async def _spawn(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(FRONTDESK), "serve", env=self.environment, stdout=log, stderr=log, cwd=ROOT
            )

    async def _ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get("/health/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    def send(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(sign)

    async def end(self, sign: signal.Signals) -> None:
        self.send(sign)
        if self.process is not None:
            await self.process.wait()

    @property
    def memory(self) -> int | None:
        """Resident bytes, None while it does not run."""
        try:
            number = self.process.pid if self.process else 0
            return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return None


@dataclass
class World:
    folder: Path
    embedded: EmbeddedDatabase
    redis: RedisServer
    signals: SignalProxy
    model: Brain
    servers: list[Server]
    proxy: FaultProxy
    database: Database
    storms: list[dict[str, int]] = field(default_factory=list)
    starting: set["asyncio.Task[None]"] = field(default_factory=set)

    def start_again(self, server: Server) -> None:
        """Starts a server, while other things happen."""
        self.starting.add(asyncio.create_task(server.start()))

    async def whole(self) -> None:
        """Returns once every server is ready."""
        await asyncio.gather(*self.starting)

    @property
    def logs(self) -> str:
        return "".join(server.log.read_text() for server in self.servers)

    def restart_postgres(self, mode: str) -> None:
        """`fast` ends what runs and writes everything; `immediate` is a crash. Blocks."""
        home = prepare_home(self.folder / "database")
        programs = find_programs(home)
        how = (f"--pgdata={home.cluster}", f"--mode={mode}", "--wait")
        run_program(home, programs, "pg_ctl", "stop", *how, task="stop")
        superuser = roles.passwords(home)[roles.SUPERUSER]
        cluster.ensure_running(home, programs, superuser_password=superuser)

    async def site(self) -> str:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.servers[0].port}", timeout=20) as http:
            found = re.search(r'data-site="([^"]+)"', (await http.get("/demo")).text)
        if found is None:
            raise RuntimeError("The demo page names no site.")
        return found[1]

    async def hire(self, emails: list[str]) -> Team:
        """Agents of the demo organisation, all with PASSWORD, and a group that they are in."""
        async with self.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            members = {email: await self._member(session, email) for email in emails}
            first, *others = members.values()
            group = await start_group(
                session,
                SignedIn(first.org_id, first.id, first.name, first.email, first.role, new_id()),
                client_id=new_id(),
                title="The soak",
                member_ids=[other.id for other in others],
            )
            return Team({email: member.id for email, member in members.items()}, group.id)

    async def _member(self, session: AsyncSession, email: str) -> Member:
        name = email.partition("@")[0]
        return await add_member(session, email=email, name=name, role="agent", password=PASSWORD)


@asynccontextmanager
async def running(folder: Path, random: Random) -> AsyncIterator[World]:
    """Everything up and ready; gone afterwards, whatever happened."""
    embedded = await asyncio.to_thread(_start_postgres, folder)
    async with AsyncExitStack() as stack:
        stack.callback(release, embedded)
        redis = await stack.enter_async_context(RedisServer.running())
        signals = await stack.enter_async_context(SignalProxy(redis.port, random).running())
        model = await stack.enter_async_context(Brain(random=random).running())
        database = Database(embedded.app_url, pool_size=2)
        stack.push_async_callback(database.close)
        servers = [
            Server(port, _environment(port, embedded, signals.url, model.url), folder / f"server-{port}.log")
            for port in (free_port(), free_port())
        ]
        for server in servers:
            stack.push_async_callback(_put_down, server)
            await server.start()
        proxy = FaultProxy([server.port for server in servers], random)
        await stack.enter_async_context(proxy.running())
        assert isinstance(model, Brain)
        yield World(folder, embedded, redis, signals, model, servers, proxy, database)


def _start_postgres(folder: Path) -> EmbeddedDatabase:
    # Run by root, PostgreSQL is another user, who has to get to its data.
    folder.chmod(0o711)
    return start(folder / "database")


async def _put_down(server: Server) -> None:
    server.send(signal.SIGCONT)
    await server.end(signal.SIGKILL)


def _environment(port: int, embedded: EmbeddedDatabase, redis: str, model: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FRONTDESK_"))
    }
    return {
        **kept,
        "PORT": str(port),
        "DATABASE_URL": embedded.app_url,
        "DATABASE_OWNER_URL": embedded.owner_url,
        "REDIS_URL": redis,
        "OPENAI_BASE_URL": model,
        "FRONTDESK_JOB_LEASE": "5",
        "FRONTDESK_ANSWER_DEADLINE": "15",
    }
