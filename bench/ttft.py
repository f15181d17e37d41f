"""How much later the first word of an answer comes through Frontdesk than from the model endpoint itself.

    python -m bench.ttft                          # prints one JSON object, in milliseconds
    python -m bench.ttft --chunks 2000 --keep /tmp/ttft   # a smaller organisation, kept for the next run

Two processes stand on this machine as in the field: `frontdesk serve` on a PostgreSQL of its own, whose organisation
has 13,000 chunks, and a model endpoint that begins at once and then writes 25 tokens a second. A client asks both in
turn and waits for the first word: of the endpoint directly, with the prompt that Frontdesk sends it; and at the
visitor's door, from posting the message to the first `answer.delta` on the open stream. First one visitor, with short
answers; then 50 at a time, with answers as long as a model's usually are, who ask again when theirs is there.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import func, select

from app.kit.db import Database
from app.kit.embedded import EmbeddedDatabase, release, start
from app.kit.migrate import migrate
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.models import Chunk, Document
from app.knowledge.queries import latest_version
from app.tenancy.organisations import (
    OrganisationUnknown,
    create_organisation,
    create_site,
    enter_organisation,
    first_site,
)
from tests.model_server import ModelServer
from tests.redis_server import free_port

ROOT = Path(__file__).resolve().parents[1]
FRONTDESK = Path(sys.executable).with_name("frontdesk")
ORGANISATION = "bench-ttft"
SECTIONS, WORDS = 100, 150
SHORT, LONG, PACE_S = 40, 200, 0.04
WARM, LONG_WORD = 5, 5


@dataclass
class Corpus:
    """Made-up handbooks: sections about things with names, in words as common and as rare as those of a language."""

    random: Random
    words: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        syllables = [a + b for a in "bcdfghjklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "il")]
        self.words = [
            "".join(self.random.choices(syllables, k=self.random.randint(1, 3))) for _ in range(20_000)
        ]

    def document(self) -> str:
        return "\n\n".join(["# Handbook", *(self._section() for _ in range(SECTIONS))])

    def _section(self) -> str:
        topic = " ".join(self.random.choices(self.words[5_000:], k=2))
        self.topics.append(topic)
        ranks = (min(int(self.random.paretovariate(0.6)), 20_000) for _ in range(WORDS))
        text = " ".join(self.words[rank - 1] for rank in ranks)
        return f"## {topic.title()}\n\nTo set up the {topic}, open the panel and choose it. {text}."


@dataclass
class World:
    url: str
    model: ModelServer
    site: str
    chunks: int
    topics: list[str]
    random: Random
    tokens: int = SHORT

    def answers(self, tokens: int) -> None:
        self.tokens = tokens
        self.model.reset()
        self.model.say_slowly(" ".join(["Open the panel [1]."] * (tokens // 6)), PACE_S)

    def question(self) -> str:
        return f"How do I set up the {self.random.choice(self.topics)}?"


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    async with world(folder, options.chunks) as ready:
        shown: dict[str, Any] = {"chunks": ready.chunks}
        await _at_once(ready, 1, WARM)
        for streams, each in ((1, options.asks), (options.streams, max(2, options.asks // 10))):
            ready.answers(SHORT if streams == 1 else LONG)
            through = await _at_once(ready, streams, each)
            directly = await _directly(ready, streams, each)
            shown[f"{streams} streams"] = _figures(through, directly)
    return shown


def _figures(through: Sequence[float], directly: Sequence[float]) -> dict[str, float]:
    """`added` compares like with like: median with median, the slowest twentieth with the slowest twentieth."""
    figures: dict[str, float] = {"asked": len(through)}
    for percent in (50, 95):
        each = [quantiles(times, n=100, method="inclusive")[percent - 1] for times in (through, directly)]
        ours, theirs = (round(seconds * 1000, 1) for seconds in each)
        figures |= {
            f"frontdesk_p{percent}": ours,
            f"endpoint_p{percent}": theirs,
            f"added_p{percent}": round(ours - theirs, 1),
        }
    return figures


async def _at_once(world: World, streams: int, each: int) -> list[float]:
    visitors = [_visitor(world, number, each) for number in range(streams)]
    return [seconds for times in await asyncio.gather(*visitors) for seconds in times]


async def _visitor(world: World, number: int, each: int) -> list[float]:
    """One visitor after another at the same place, who asks a few questions and reads each answer to its end."""
    times: list[float] = []
    await asyncio.sleep(world.random.random() * world.tokens * PACE_S)
    while len(times) < each:
        # Each comes from an address of their own, as told by a proxy.
        from_where = {
            "X-Forwarded-For": f"10.{number % 250}.{world.random.randrange(250)}.{len(times) % 250}"
        }
        async with httpx.AsyncClient(base_url=world.url, timeout=60, headers=from_where) as http:
            token = (await http.post("/v1/sessions", json={"site": world.site})).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            made = await http.post("/v1/conversations", json={"client_id": str(uuid4())})
            path = f"/v1/conversations/{made.json()['id']}"
            async with http.stream("GET", f"{path}/events", headers={"Accept": "text/event-stream"}) as live:
                lines = live.aiter_lines()
                await _until(lines, "event: ready")
                some = min(5, each - len(times))
                times += [await _ask(http, path, world.question(), lines) for _ in range(some)]
    return times


async def _ask(http: httpx.AsyncClient, path: str, question: str, lines: AsyncIterator[str]) -> float:
    started = time.perf_counter()
    body = {"client_id": str(uuid4()), "text": question}
    posting = asyncio.create_task(http.post(f"{path}/messages", json=body))
    await _until(lines, "event: answer.delta")
    seconds = time.perf_counter() - started
    (await posting).raise_for_status()
    await _until(lines, '"state":"complete"', of="bot")
    return seconds


async def _until(lines: AsyncIterator[str], mark: str, *, of: str = "") -> None:
    async with asyncio.timeout(60):
        async for line in lines:
            if mark in line and of in line:
                return
    raise RuntimeError(f"The stream ended before {mark}")


async def _directly(world: World, streams: int, each: int) -> list[float]:
    body = world.model.requests[-1].body

    async def ask() -> list[float]:
        times = []
        await asyncio.sleep(world.random.random() * world.tokens * PACE_S)
        async with httpx.AsyncClient(timeout=60) as http:
            for _ in range(each):
                started = time.perf_counter()
                async with http.stream("POST", f"{world.model.url}/chat/completions", json=body) as answer:
                    seconds = 0.0
                    async for line in answer.aiter_lines():
                        if not seconds and '"content": "' in line and '"content": ""' not in line:
                            seconds = time.perf_counter() - started
                times.append(seconds)
        return times

    return [seconds for times in await asyncio.gather(*(ask() for _ in range(streams))) for seconds in times]


@asynccontextmanager
async def world(folder: Path, chunks: int) -> AsyncIterator[World]:
    embedded = await asyncio.to_thread(_start_postgres, folder)
    async with AsyncExitStack() as stack:
        stack.callback(release, embedded)
        await migrate(embedded.owner_url)
        random = Random(7)  # noqa: S311  # a corpus, no secret
        corpus = Corpus(random)
        site, indexed = await _organisation(embedded, corpus, chunks)
        model = await stack.enter_async_context(ModelServer().running())
        url = await stack.enter_async_context(_serving(embedded, model.url, folder / "server.log"))
        # A short word may be one by which a follow-up is known, which is first written anew.
        topics = [topic for topic in corpus.topics if min(map(len, topic.split())) >= LONG_WORD]
        ready = World(url, model, site, indexed, topics, random)
        ready.answers(SHORT)
        yield ready


def _start_postgres(folder: Path) -> EmbeddedDatabase:
    folder.chmod(0o711)  # run by root, PostgreSQL is another user, who has to get to its data
    return start(folder / "database")


async def _organisation(embedded: EmbeddedDatabase, corpus: Corpus, chunks: int) -> tuple[str, int]:
    """The key of the organisation's site, and its chunks; they are made unless they are there from an earlier run."""
    database = Database(embedded.app_url, pool_size=4)
    documents = [corpus.document().encode() for _ in range(-(-chunks // SECTIONS))]
    try:
        async with database.transaction(None) as session:
            try:
                org_id = (await enter_organisation(session, ORGANISATION)).id
            except OrganisationUnknown:
                org_id = (await create_organisation(session, slug=ORGANISATION, name="Northwind")).id
                await create_site(session, name="Bench", origins=[])
        await _fill(database, org_id, documents)
        async with database.transaction(org_id) as session:
            count = select(func.count()).where(Chunk.org_id == org_id)
            return (await first_site(session)).key, await session.scalar(count) or 0
    finally:
        await database.close()


async def _fill(database: Database, org_id: UUID, documents: list[bytes]) -> None:
    async with database.transaction(org_id) as session:
        there = await session.scalar(select(func.count()).where(Document.org_id == org_id)) or 0
    for number, content in enumerate(documents[there:], there + 1):
        print(f"\rindexing {number} of {len(documents)}", end="", file=sys.stderr)
        await _index(database, org_id, f"handbook-{number}.md", content)


async def _index(database: Database, org_id: UUID, name: str, content: bytes) -> None:
    async with database.transaction(org_id) as session:
        document = await add_document(session, name=name, content=content, added_by=None)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id)


@asynccontextmanager
async def _serving(embedded: EmbeddedDatabase, model: str, log: Path) -> AsyncIterator[str]:
    port = free_port()
    ours = ("OPENAI_", "FRONTDESK_")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "PORT": str(port),
        "DATABASE_URL": embedded.app_url,
        "DATABASE_OWNER_URL": embedded.owner_url,
        "OPENAI_BASE_URL": model,
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(FRONTDESK), "serve", "--no-demo", env=environment, stdout=output, stderr=output, cwd=ROOT
        )
    try:
        async with asyncio.timeout(240), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            while not await _ready(http):  # noqa: ASYNC110  # another program, it tells nobody
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/health/ready")).status_code == 200
    except httpx.HTTPError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--chunks", type=int, default=13_000, help="how much the organisation knows")
    parser.add_argument("--asks", type=int, default=60, help="how many questions one visitor asks")
    parser.add_argument("--streams", type=int, default=50, help="how many visitors ask at a time")
    parser.add_argument("--keep", type=Path, help="a folder in which the organisation stays for another run")
    options = parser.parse_args()
    made = TemporaryDirectory(prefix="frontdesk-ttft-", ignore_cleanup_errors=True)
    with nullcontext(options.keep) if options.keep else made as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        print(json.dumps(asyncio.run(measure(options, Path(folder))), indent=2))


if __name__ == "__main__":
    main()
