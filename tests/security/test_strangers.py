"""Every route of the app, called by somebody whom it is not for. The app itself names them, so none is forgotten."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.conversations.answers import begin_answer, finish_answer
from app.handoff import queue
from app.kit.db import Base, Database, scope
from app.knowledge import written
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.knowledge.source_models import Source
from app.quality import questions, replay
from app.staff import starting, taking_part
from app.visitors.sessions import KnownVisitor, start_session
from tests.doors.console import HERE, at_console
from tests.factories import create_agent, create_talk, say
from tests.rooms.attached import post_file
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer

# Whoever comes may call these: they know nobody's secrets.
PUBLIC = {
    "/",
    "/demo",
    "/widget.js",
    "/static/{file_path}",
    "/v1/sites/{key}",
    "/v1/sessions",
    "/health/live",
    "/health/ready",
    "/schema",
    "/schema/{path}",
    "/schema/openapi.json",
    "/schema/swagger",
    "/schema/oauth2-redirect.html",
    "/console",
    "/console/sign-in",
    "/console/{rest}",
}
# What the fields of bodies are given.
FIELDS: dict[str, Any] = {
    "client_id": str(uuid4()),
    "text": "Hello",
    "seq": 1,
    "value": "up",
    "email": "ann@example.org",
    "typing": True,
    "to": str(uuid4()),
}
# A page is shown as ever, without what these stand for where that is gone or another's.
OVERLOOKED = {"check", "edit"}
SECRET = "Nobody else may read this: juniper"


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: HTTPRouteHandler

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, ids: Mapping[str, UUID]) -> str:
        """With these ids wherever an id goes; what the route calls `x_id` or `x` is the id of an x."""
        path = re.sub(r"{(\w+?)(?:_id)?}", lambda name: str(ids[name[1]]), self.path)
        wanted = [name for name in self._queried() if name in ids]
        return path + ("?" + "&".join(f"{name}={ids[name]}" for name in wanted) if wanted else "")

    @property
    def takes_ids(self) -> bool:
        return "{" in self.path or any(name not in OVERLOOKED for name in self._queried())

    def _queried(self) -> Iterator[str]:
        for name, field in self.handler.parsed_fn_signature.parameters.items():
            if f"{{{name}}}" not in self.path and UUID in (field.annotation, *get_args(field.annotation)):
                yield name

    def body(self) -> dict[str, Any]:
        """One that is well formed, so that it is not what the request is refused for."""
        data = self.handler.parsed_fn_signature.parameters.get("data")
        fields = msgspec.structs.fields(data.annotation) if data else ()
        return {field.name: FIELDS[field.name] for field in fields if field.required}


def routes(server: RunningServer, prefix: str = "/") -> list[Route]:
    return [
        Route(method, route.path_format, handler)
        for route in server.app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS" and route.path_format.startswith(prefix)
    ]


def guarded(server: RunningServer, prefix: str) -> list[Route]:
    return [route for route in routes(server, prefix) if route.path not in PUBLIC]


async def call(
    client: httpx.AsyncClient, route: Route, ids: Mapping[str, UUID], **more: Any
) -> httpx.Response:
    """Calls a route; of a stream only how it begins."""
    if route.method in {"POST", "PUT", "PATCH", "DELETE"}:
        more |= {"data" if route.path.startswith("/console") else "json": route.body()}
    request = client.build_request(route.method, route.address(ids), **more)
    answer = await client.send(request, stream=True)
    if "event-stream" not in answer.headers.get("content-type", ""):
        await answer.aread()
    await answer.aclose()
    return answer


@dataclass(frozen=True)
class Victim:
    """An organisation with a conversation, notes, a channel, an interrupted answer and a document, all at rest."""

    org_id: UUID
    visitor: KnownVisitor
    ids: Mapping[str, UUID]


@pytest.fixture
async def victim(database: Database, other_org_id: UUID) -> Victim:
    async with database.transaction(other_org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, SECRET)
        opened = await begin_answer(session, talk.id, trigger_id=question.id)
        assert opened is not None
        await finish_answer(session, opened, text=SECRET, sources=[], outcome=None, state="interrupted")
        agent = await create_agent(session)
        await queue.claim(session, talk.id, agent)
        thread = await starting.create_channel(session, agent, client_id=uuid4(), title="Secrets")
        await taking_part.write(session, agent, thread.id, client_id=uuid4(), text=SECRET)
        await taking_part.note(session, agent, talk.id, client_id=uuid4(), text=SECRET)
        file = await post_file(session, talk, f"{SECRET}.txt", SECRET.encode())
        visitor = KnownVisitor(other_org_id, talk.visitor.id, talk.site)
        source = await _site_at_rest(session)
        entry = await written.write(session, "faq", written.Draft((SECRET,), SECRET), by=agent.id)
        version = await latest_version(session, entry)
        golden = await questions.add(session, questions.Draft(SECRET, SECRET))
        run = await replay.begin(session, Settings(), "button")
        await replay.end(session, run.id, "done")
    await index_version(database, other_org_id, version.id)
    document = await index_document(database, other_org_id, "secret.md", SECRET.encode())
    ids = {"conversation": talk.id, "message": opened.message_id, "document": document.id}
    ids |= {"attachment": file, "thread": thread.id, "member": agent.id, "source": source.id}
    ids |= {"entry": entry, "question": golden, "run": run.id}
    return Victim(other_org_id, visitor, ids)


async def _site_at_rest(session: AsyncSession) -> Source:
    """A website that nothing is fetched of."""
    address = "https://intern.example/juniper"
    source = Source(
        org_id=scope(session),
        kind="site",
        address=address,
        prefix=address,
        depth=1,
        page_limit=1,
        every="never",
        state="paused",
    )
    session.add(source)
    await session.flush()
    return source


async def held(database: Database, victim: Victim) -> dict[str, str]:
    """A fingerprint of each of the victim's tables."""
    tables = [table for table in Base.metadata.sorted_tables if "org_id" in table.c]
    async with database.transaction(victim.org_id) as session:
        found = {}
        for table in tables:
            rows = await session.scalars(text(f"SELECT t::text FROM {table.name} t ORDER BY 1"))  # noqa: S608
            found[table.name] = sha256("\n".join(rows).encode()).hexdigest()
    return found


async def test_every_route_is_public_or_a_visitors_or_a_members(server: RunningServer) -> None:
    guarded_by_us = {"/v1", "/console"}
    for route in routes(server):
        known = route.path in PUBLIC or "/" + route.path.split("/")[1] in guarded_by_us
        assert known, (
            f"{route}: say in PUBLIC that anybody may call it, or put it behind a door that asks who calls"
        )
    assert {route.path for route in routes(server)} >= PUBLIC, "PUBLIC names routes that are gone"


@pytest.mark.parametrize("token", [None, "Bearer ", "Bearer forged", "Basic Zm9yOmdlZA=="])
async def test_without_a_visitors_token_no_route_answers(
    server: RunningServer, victim: Victim, token: str | None
) -> None:
    async with server.client(headers={"Authorization": token.strip()} if token else {}) as client:
        for route in guarded(server, "/v1/"):
            answer = await call(client, route, victim.ids)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), route


@pytest.mark.parametrize("neighbour", [True, False], ids=["of the same site", "of another organisation"])
async def test_another_visitor_reaches_nothing_of_a_visitor(
    server: RunningServer,
    database: Database,
    org_id: UUID,
    victim: Victim,
    neighbour: bool,  # noqa: FBT001
) -> None:
    async with database.transaction(victim.org_id if neighbour else org_id) as session:
        site = victim.visitor.site if neighbour else (await create_talk(session)).site
        started = await start_session(session, site, days=1)
    before = await held(database, victim)
    async with server.client(headers={"Authorization": f"Bearer {started.token}"}) as client:
        for route in sorted(guarded(server, "/v1/"), key=lambda route: route.method == "DELETE"):
            for accept in ("application/json", "text/event-stream"):
                answer = await call(client, route, victim.ids, headers={"Accept": accept})
                assert SECRET not in answer.text, route
                assert answer.status_code == 404 or not route.takes_ids, route
        gone = await client.get("/v1/conversations")
        assert gone.status_code == 401, "the walk ends with the stranger's own erasure"
    assert _but_for_the_stranger(await held(database, victim), neighbour) == _but_for_the_stranger(
        before, neighbour
    )


def _but_for_the_stranger(tables: dict[str, str], neighbour: bool) -> dict[str, str]:  # noqa: FBT001
    """A neighbour's own are in the same tables."""
    own = {"conversation", "visitor", "visitor_session"} if neighbour else set()
    return {name: rows for name, rows in tables.items() if name not in own}


async def test_without_a_session_the_console_only_shows_the_way_in(
    server: RunningServer, victim: Victim
) -> None:
    for cookie in ({}, {"frontdesk_session": "forged"}):
        async with server.client(headers=HERE, cookies=cookie) as client:
            for route in guarded(server, "/console"):
                answer = await call(client, route, victim.ids)
                assert answer.status_code == 303, route
                assert answer.headers["location"].startswith("/console/sign-in?next=/console"), route


async def test_a_member_reaches_nothing_of_another_organisation(
    server: RunningServer, database: Database, org_id: UUID, victim: Victim
) -> None:
    before = await held(database, victim)
    async with at_console(server, database, org_id, role="admin") as member:
        for route in sorted(guarded(server, "/console"), key=lambda route: "sign-out" in route.path):
            answer = await call(member.client, route, victim.ids)
            if route.takes_ids:
                assert answer.status_code == 404, route
            elif "event-stream" not in answer.headers.get("content-type", ""):
                assert SECRET not in answer.text, route
                assert not any(str(id_) in answer.text for id_ in victim.ids.values()), route
    assert await held(database, victim) == before


async def test_other_websites_change_nothing_with_a_members_cookie(
    server: RunningServer, database: Database, victim: Victim
) -> None:
    async with at_console(server, database, victim.org_id, role="admin") as member:
        before = await held(database, victim)
        del member.client.headers["Sec-Fetch-Site"]
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
            for route in guarded(server, "/console"):
                if route.method != "GET":
                    answer = await call(member.client, route, victim.ids, headers=headers)
                    assert answer.status_code == 403, route
    assert await held(database, victim) == before


async def test_agents_do_not_change_what_the_assistant_knows(
    server: RunningServer, database: Database, victim: Victim
) -> None:
    async with at_console(server, database, victim.org_id, role="agent") as member:
        before = await held(database, victim)
        for route in guarded(server, "/console/knowledge"):
            if route.method != "GET":
                assert (await call(member.client, route, victim.ids)).status_code == 403, route
    assert await held(database, victim) == before
