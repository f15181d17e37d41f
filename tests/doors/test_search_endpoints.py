"""Embeddings and reranking endpoints of a running server: what they bring, and what search is without them."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from app.config import Settings
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.realtime.bus import LocalBus
from tests.conftest import own_database
from tests.doors.console import HTMX, Member, at_console
from tests.doors.terminal import Terminal
from tests.ingest import made
from tests.model_server import ModelServer
from tests.serving import RunningServer
from tests.side_models import SideModels
from tests.website import website

HOME = "/console/knowledge"
QUESTION = "Is every car washed on Fridays?"
FILES = {
    "garage.md": b"# Garage\n\nEvery car is washed on Fridays.",
    "canteen.md": b"# Canteen\n\nSoup is served at noon on Fridays.",
    "office.md": b"# Office\n\nThe desk is open on Mondays.",
}
# What an endpoint does -> what the playground says of it.
Faults = Mapping[str, tuple[dict[str, Any], str]]

FAULTS: Faults = {
    "refuses the key": ({"status": 401, "fail_times": 9}, "refuses the key. Check {}_API_KEY."),
    "is broken": ({"status": 500, "fail_times": 9}, "answered with status 500"),
    "says no JSON": ({"answer": b"<h1>Bad gateway</h1>"}, "Is it such an endpoint?"),
    "says something else": ({"answer": {"object": "list"}}, "Is it such an endpoint?"),
    "is slow": ({"pause_s": 10}, "did not answer within 3 s."),
    "says nothing": ({"hangs": True}, "did not answer within 3 s."),
}


@dataclass
class Searching:
    """A server with both endpoints, its admin, and a terminal beside it."""

    server: RunningServer
    admin: Member
    terminal: Terminal
    meaning: ModelServer
    order: ModelServer

    async def upload(self, files: Mapping[str, bytes]) -> None:
        parts = [("files", pair) for pair in files.items()]
        answer = await self.admin.client.post(f"{HOME}/documents", files=parts, headers=HTMX)
        assert answer.status_code == 201, answer.text

    async def until(self, words: str, times: int = 1) -> str:
        """The list of documents once it says this so often."""
        async with asyncio.timeout(60):
            while (page := await self.admin.page(HOME)).count(words) < times:
                await asyncio.sleep(0.1)
        return page

    async def reindex(self, **settings: str) -> None:
        """As an operator does it; without settings to the embedder that is brought along."""
        ran = await self.terminal.run("reindex", "--org", self.terminal.org, **settings)
        assert ran.code == 0, ran.err

    async def ask(self, question: str = QUESTION) -> str:
        """What the playground says. An endpoint that rests is woken first."""
        models = self.server.runtime.models
        assert models.embedder is not None
        assert models.reranker is not None
        models.embedder.endpoint._rests_until = models.reranker.endpoint._rests_until = 0
        return await self.admin.page(f"{HOME}/try?q={quote(question)}")


def endpoint(meaning: ModelServer) -> dict[str, str]:
    return {
        "EMBEDDINGS_BASE_URL": meaning.url,
        "EMBEDDINGS_MODEL": "scripted",
        "EMBEDDINGS_DIMENSIONS": "64",
    }


@pytest.fixture(scope="session")
async def database(cluster: EmbeddedDatabase, worker_id: str, bus: LocalBus) -> AsyncIterator[Database]:
    """A database without another server beside it, whose worker would know no endpoint."""
    async with own_database(cluster, f"frontdesk_endpoints_{worker_id}", bus) as database:
        yield database


@pytest.fixture(scope="session")
def database_urls(cluster: EmbeddedDatabase, database: Database) -> tuple[Any, Any]:
    return asyncpg_url(cluster.owner_url).set(database=database.url.database), database.url


@pytest.fixture
async def searching(database: Database, org_id: UUID, terminal: Terminal) -> AsyncIterator[Searching]:
    from app.main import create_app

    async with ModelServer().running() as meaning, ModelServer().running() as order:
        settings = Settings(
            port=0,
            embeddings_base_url=meaning.url,
            embeddings_model="scripted",
            embeddings_dimensions=64,
            rerank_base_url=order.url,
            search_deadline_s=3,
        )
        async with (
            RunningServer.of(create_app(settings, database.url)) as server,
            at_console(server, database, org_id, role="admin", name="Ada Admin") as admin,
        ):
            searching = Searching(server, admin, terminal, meaning, order)
            await searching.upload(FILES)
            await searching.until("Ready ", 3)
            yield searching


def best(page: str) -> str:
    """The passage that the playground shows first."""
    return page.partition("Fused")[0]


async def goes_on_through(
    faults: Faults,
    searching: Searching,
    server: ModelServer,
    *,
    noted: str,
    named: str,
) -> None:
    """Whatever the server does, and while it is away, the right passage comes first beside a note that says why."""
    for fault, (script, said) in faults.items():
        server.side = SideModels(**script)
        page = await searching.ask()
        assert noted in page, fault
        assert said.format(named) in page, fault
        assert "Garage" in best(page), fault
    server.side = SideModels()
    await server.shut()
    assert "cannot be reached" in (page := await searching.ask())
    assert "Garage" in best(page)
    await server.listen()
    assert noted.partition(":")[0] not in await searching.ask()


async def test_without_its_embeddings_endpoint_the_server_searches_by_words_and_says_why(
    searching: Searching,
) -> None:
    await searching.reindex(**endpoint(searching.meaning))
    assert "Meaning by scripted/64" in (page := await searching.ask("automobile"))
    assert "by words alone" not in page
    wrong = [{"index": 0, "embedding": [1.0, 0.0, 0.0]}]
    faults: Faults = {
        **FAULTS,
        "is of another size": ({"answer": {"data": wrong}}, "3 dimensions instead of 64"),
    }
    noted = "Searched by words alone: The embeddings endpoint"
    await goes_on_through(faults, searching, searching.meaning, noted=noted, named="EMBEDDINGS")


async def test_without_its_reranker_the_server_keeps_the_order_and_says_why(searching: Searching) -> None:
    await searching.reindex(**endpoint(searching.meaning))
    assert "Reranked" in await searching.ask()
    others = {"results": [{"index": 7, "relevance_score": 1.0}]}
    faults: Faults = {**FAULTS, "ranks other passages": ({"answer": others}, "a ranking of other passages")}
    noted = "Not reranked: The rerank endpoint"
    await goes_on_through(faults, searching, searching.order, noted=noted, named="RERANK")


async def test_a_document_that_the_endpoint_does_not_embed_says_so_and_is_read_when_tried_again(
    searching: Searching,
) -> None:
    await searching.reindex(**endpoint(searching.meaning))
    searching.meaning.side = SideModels(status=401, fail_times=9)
    await searching.upload({"late.md": b"# Late\n\nThe library closes at ten."})
    page = await searching.until("late.md Failed")
    assert "The embeddings endpoint failed. Try again; `frontdesk doctor` says what is wrong with it." in page
    ill = await searching.terminal.run("doctor", **endpoint(searching.meaning))
    assert (ill.code, "Check EMBEDDINGS_API_KEY" in " ".join(ill.out.split())) == (1, True)
    searching.meaning.side = SideModels()
    listed = (await searching.admin.client.get(HOME)).text
    (retry,) = set(re.findall(r"/console/knowledge/documents/[^/]+/retry", listed))
    await searching.admin.press(retry)
    await searching.until("late.md Ready")
    assert "Late" in best(await searching.ask("When does the library close?"))


async def test_the_command_adds_by_the_embedder_in_use(terminal: Terminal, tmp_path: Path) -> None:
    """Where no server does it. It knew no endpoint, and all that it added failed."""
    (tmp_path / "garage.md").write_bytes(FILES["garage.md"])
    async with ModelServer().running() as meaning, website() as site:
        site.page("/", "Parcels")
        settings = {**endpoint(meaning), "FRONTDESK_CRAWL_DELAY": "0.01"}
        assert (await terminal.run("reindex", "--org", terminal.org, **settings)).code == 0
        given = (str(tmp_path), f"{site.url}/", "--allow-private", "--org", terminal.org)
        ran = await terminal.run("ingest", *given, **settings)
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.count("ready") == 2


async def test_the_console_shows_how_far_another_embedder_is(searching: Searching) -> None:
    """While it is made beside the one in use, and no longer."""
    pages = [["Page", *(f"Line {line} of a long document." for line in range(25))]] * 300
    await searching.upload({"long.pdf": made.pdf(pages)})
    await searching.until("300 passages")
    assert not shown_progress(await searching.admin.page(HOME))
    searching.meaning.side = SideModels(pause_s=0.3)
    work = asyncio.create_task(searching.reindex(**endpoint(searching.meaning)))
    seen: list[tuple[int, int]] = []
    while not work.done():
        seen += shown_progress(await searching.admin.page(HOME))
        await asyncio.sleep(0.05)
    await work
    assert seen == sorted(seen)
    assert {(0, 303), (256, 303)} <= set(seen)
    assert not shown_progress(await searching.admin.page(HOME))


def shown_progress(page: str) -> list[tuple[int, int]]:
    said = r"Learning meanings anew by scripted/64 (\d+) of (\d+) passages. Search goes on as before"
    return [(int(done), int(total)) for done, total in re.findall(said, page)]


async def test_search_answers_at_every_moment_of_a_switch_to_the_endpoint_and_back(
    searching: Searching,
) -> None:
    def switched(page: str) -> str:
        found = re.search(r"Meaning by (\S+)", page)
        return found[1] if found else "nothing"

    pages: list[str] = []

    async def ask_on() -> None:
        while True:
            pages.append(await searching.ask())
            await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask_on())
    more = {f"{at}.md": f"# Part {at}\n\nIt says {at} on every page.".encode() for at in range(40)}
    await searching.upload(more)
    searching.meaning.side = SideModels(pause_s=0.3)
    await searching.reindex(**endpoint(searching.meaning))
    await searching.until("Ready ", 43)
    await asyncio.sleep(1)
    there = len(pages)
    await searching.reindex()
    await asyncio.sleep(1)
    assert not asking.done(), asking.result()
    asking.cancel()
    assert all("Garage" in best(page) for page in pages)
    assert not [page for page in pages if "by words alone" in page or "run `frontdesk reindex`" in page]
    assert switched(pages[0]) != "scripted/64"
    assert switched(pages[there - 1]) == "scripted/64"
    assert switched(pages[-1]) == switched(pages[0])
