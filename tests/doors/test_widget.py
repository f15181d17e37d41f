"""The widget's door: what a page may do, and what it is told when it may not."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.handoff.desk import set_desk
from app.kit.clock import now
from app.visitors.models import VisitorSession
from tests.doors.pages import ORIGIN, Page, problem
from tests.serving import RunningServer


async def test_a_site_says_how_it_looks(page: Page) -> None:
    answer = await page.client.get(f"/v1/sites/{page.key}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    body = answer.json()
    assert (body["name"], body["organisation"], body["availability"]) == (
        "Northwind help",
        "Northwind",
        {"online": False, "open": None, "back_at": None},
    )


async def test_an_unknown_site_key_is_told_plainly(page: Page) -> None:
    problem(await page.client.get("/v1/sites/site_unknown"), 404, "site_unknown")
    problem(await page.client.post("/v1/sessions", json={"site": "nope"}), 404, "site_unknown")


async def test_a_foreign_origin_is_refused_in_words_that_its_page_can_read(page: Page) -> None:
    foreign = {"Origin": "https://evil.example"}
    for response in (
        await page.client.get(f"/v1/sites/{page.key}", headers=foreign),
        await page.client.post("/v1/sessions", json={"site": page.key}, headers=foreign),
        await page.client.get("/v1/conversations", headers=foreign),
    ):
        problem(response, 403, "origin_forbidden")
        assert response.headers["access-control-allow-origin"] == "https://evil.example"


async def test_a_preflight_is_answered(page: Page) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = await page.client.options("/v1/conversations", headers=asked)
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer forged", "Basic YTpi"])
async def test_a_forged_token_is_refused(page: Page, header: str) -> None:
    answer = await page.client.get("/v1/conversations", headers={"Authorization": header})
    problem(answer, 401, "token_invalid")


async def test_an_expired_token_says_so(page: Page) -> None:
    async with page.runtime_database.transaction(page.org_id) as session:
        await session.execute(update(VisitorSession).values(expires_at=now()))
    problem(await page.client.get("/v1/conversations"), 401, "token_expired")


async def test_the_same_write_again_gives_the_same_answer(page: Page) -> None:
    client_id = uuid4()
    started = [
        await page.client.post("/v1/conversations", json={"client_id": str(client_id)}) for _ in range(2)
    ]
    assert [answer.status_code for answer in started] == [201, 200]
    conversation = started[0].json()["id"]
    assert started[1].json()["id"] == conversation
    posted = [await page.write(conversation, "Hello there", client_id) for _ in range(2)]
    assert [answer.status_code for answer in posted] == [201, 200]
    assert posted[0].json() == posted[1].json()


@pytest.mark.parametrize(
    ("text", "code"), [("", "message_empty"), (" \n ", "message_empty"), ("x" * 5001, "message_too_long")]
)
async def test_an_unusable_message_is_refused_and_nothing_is_kept(page: Page, text: str, code: str) -> None:
    conversation = (await page.start())["id"]
    problem(await page.write(conversation, text), 422, code)
    assert (await page.client.get(f"/v1/conversations/{conversation}")).json()["last_seq"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"client_id": 1, "text": "x"}', b'{"text": "x"}'])
async def test_a_malformed_body_is_a_problem_not_a_crash(page: Page, body: bytes) -> None:
    conversation = (await page.start())["id"]
    answer = await page.client.post(
        f"/v1/conversations/{conversation}/messages",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    problem(answer, 400, "bad_request")


async def test_somebody_elses_conversation_is_not_there(page: Page) -> None:
    conversation = (await page.start())["id"]
    token = (await page.client.post("/v1/sessions", json={"site": page.key})).json()["token"]
    stranger = {"Authorization": f"Bearer {token}"}
    base = f"/v1/conversations/{conversation}"
    body = {"client_id": str(uuid4()), "text": "hi"}
    for answer in (
        await page.client.get(base, headers=stranger),
        await page.client.get(f"{base}/events", headers=stranger),
        await page.client.get(f"{base}/events", headers=stranger | {"Accept": "text/event-stream"}),
        await page.client.post(f"{base}/messages", json=body, headers=stranger),
        await page.client.post(f"{base}/handoff", json={}, headers=stranger),
        await page.client.post(f"{base}/stop", headers=stranger),
        await page.client.put(f"{base}/read", json={"seq": 1}, headers=stranger),
        await page.client.post(
            f"{base}/contact", json={"client_id": str(uuid4()), "email": "a@b.example"}, headers=stranger
        ),
    ):
        problem(answer, 404, "conversation_unknown")


async def test_asking_for_a_person_says_whether_somebody_is_there(page: Page) -> None:
    conversation = (await page.start())["id"]
    answers = [await page.client.post(f"/v1/conversations/{conversation}/handoff", json={}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [
        {
            "status": "waiting",
            "assignee": None,
            "availability": {"online": False, "open": None, "back_at": None},
        }
    ] * 2


async def test_contact_details_are_checked_and_kept(page: Page) -> None:
    conversation = (await page.start())["id"]
    url = f"/v1/conversations/{conversation}/contact"
    wrong = await page.client.post(url, json={"client_id": str(uuid4()), "email": "not an address"})
    problem(wrong, 422, "invalid")
    body = {"client_id": str(uuid4()), "email": "ann@example.org", "name": "Ann"}
    assert [(await page.client.post(url, json=body)).status_code for _ in range(2)] == [204, 204]
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert [message["notice"] for message in snapshot["messages"]] == [
        {"kind": "contact_left", "name": "ann@example.org"}
    ]


async def test_a_message_left_with_an_address_waits_for_a_person(page: Page) -> None:
    conversation = (await page.start())["id"]
    url = f"/v1/conversations/{conversation}/contact"
    body = {
        "client_id": str(uuid4()),
        "email": "ann@example.org",
        "message": "Please call me about order 12.",
    }
    assert [(await page.client.post(url, json=body)).status_code for _ in range(2)] == [204, 204]
    snapshot = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert snapshot["status"] == "waiting"
    assert [(each["notice"] or {}).get("kind", each["text"]) for each in snapshot["messages"]] == [
        "contact_left",
        "handoff_requested",
        "Please call me about order 12.",
    ]
    empty = await page.client.post(url, json={**body, "client_id": str(uuid4()), "message": " "})
    problem(empty, 422, "message_empty")


async def test_a_page_knows_when_somebody_is_back(page: Page) -> None:
    async with page.runtime_database.transaction(page.org_id) as session:
        tomorrow = now() + timedelta(days=1)
        await set_desk(session, None, hours=f"{tomorrow:%a} 09:00-17:00", zone="UTC")
    there = (await page.client.get(f"/v1/sites/{page.key}")).json()["availability"]
    assert there == {"online": False, "open": False, "back_at": f"{tomorrow:%Y-%m-%d}T09:00:00Z"}


async def test_the_api_documentation_is_valid_and_names_every_route(server: RunningServer) -> None:
    from openapi_spec_validator import validate

    async with server.client() as client:
        schema = (await client.get("/schema/openapi.json")).json()
        shown = await client.get("/schema/")
    validate(schema)
    assert shown.status_code == 200
    assert {path for path in schema["paths"] if path.startswith("/v1/")} >= {
        "/v1/sessions",
        "/v1/conversations",
        "/v1/conversations/{conversation_id}/events",
    }


async def test_the_loader_is_kept_until_there_is_another(server: RunningServer) -> None:
    async with server.client() as client:
        first = await client.get("/widget.js")
        again = await client.get("/widget.js", headers={"If-None-Match": first.headers["etag"]})
        other = await client.get("/widget.js", headers={"If-None-Match": '"another"'})
    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert again.content == b""
    assert "no-cache" in first.headers["cache-control"]


@pytest.mark.parametrize("path", ["/widget.js", "/static/console.css", "/static/widget.js"])
async def test_files_are_packed_for_who_can_unpack_them(server: RunningServer, path: str) -> None:
    async with server.client() as client:
        packed = await client.get(path, headers={"Accept-Encoding": "br, gzip"})
        plain = await client.get(path, headers={"Accept-Encoding": "identity"})
        head = await client.head("/static/console.css", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.num_bytes_downloaded < len(plain.content) * 0.6
    assert head.status_code == 200


async def test_a_file_is_kept_for_ever_where_its_address_tells_its_content(server: RunningServer) -> None:
    async with server.client() as client:
        page = await client.get("/console/sign-in")
        addresses = re.findall(r"/static/[\w.]+\?v=\w+", page.text)
        kept = [(await client.get(address)).headers["cache-control"] for address in addresses]
        other = await client.get("/static/console.css?v=0123456789")
    assert kept == ["public, max-age=31536000, immutable"] * 2
    assert other.headers["cache-control"] == "no-cache"


async def test_what_is_not_there_is_asked_for_again(server: RunningServer) -> None:
    """A page of a newer server may ask an older one for its files, and find them here a moment later."""
    async with server.client() as client:
        for address in (
            "/static/panel-en-ABCDEF12.js",
            "/static/nothing.css?v=not-built",
        ):
            missing = await client.get(address)
            assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-cache")


async def test_what_answers_a_request_is_not_packed(page: Page) -> None:
    """It may hold secrets beside what others wrote, whose packed length would tell of both."""
    answer = await page.client.get(f"/v1/sites/{page.key}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


async def test_health(server: RunningServer) -> None:
    async with server.client() as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
