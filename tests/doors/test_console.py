"""The console's door: who comes in, from where, and what they are told when they may not."""

from uuid import UUID, uuid4

import pytest

from app.config import Settings
from app.kit.db import Database
from app.kit.ids import new_id
from app.main import create_app
from app.tenancy.members import set_password, sign_out, signed_in
from tests.doors.console import HTMX, Member, at_console, sign_in, visible
from tests.factories import create_talk, say
from tests.serving import RunningServer


async def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(server: RunningServer) -> None:
    async with server.client() as client:
        answer = await client.get("/console/knowledge?x=1")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/console/sign-in?next=/console/knowledge%3Fx%3D1"
        form = await client.get(answer.headers["location"])
        assert 'name="next" value="/console/knowledge?x=1"' in form.text


async def test_htmx_is_told_to_go_to_the_sign_in(server: RunningServer) -> None:
    shown = {"HX-Current-URL": f"{server.url}/console/inbox?tab=mine"}
    async with server.client(headers=HTMX | shown) as client:
        answer = await client.get("/console/inbox")
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=/console/inbox%3Ftab%3Dmine"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/console/",
        "//evil.example",
        "/console\\@evil.example",
        "/demo",
        "/console/\n",
        "/console/../demo",
        "/console/%2e%2e/demo",
    ],
)
async def test_sign_in_leads_to_this_console_only(
    server: RunningServer, database: Database, org_id: UUID, target: str
) -> None:
    async with at_console(server, database, org_id) as member:
        answer = await sign_in(member.client, member.known.email, next=target)
        assert answer.headers["location"] == "/console/"


async def test_the_cookie_is_for_the_server_alone(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        cookie = (await sign_in(member.client, member.known.email)).headers["set-cookie"].lower()
    assert cookie.startswith("frontdesk_session=")
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/console"))


async def test_a_wrong_password_says_what_to_do_and_not_which_half_was_wrong(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        wrong = await sign_in(member.client, member.known.email, "not the password")
        nobody = await sign_in(member.client, f"{new_id().hex}@northwind.example")
    for answer in (wrong, nobody):
        assert answer.status_code == 401
        assert "The e-mail address or the password is not right." in visible(answer.text)
    assert f'value="{member.known.email}"' in wrong.text


async def test_guessing_is_slowed_down(server: RunningServer) -> None:
    email = f"{new_id().hex}@northwind.example"
    async with server.client(headers={"Sec-Fetch-Site": "same-origin"}) as client:
        answers = [(await sign_in(client, email, "guess")).status_code for _ in range(21)]
        server.runtime.limits._seen.clear()
    assert answers == [401] * 20 + [429]


async def test_signing_out_ends_the_session(server: RunningServer, database: Database, org_id: UUID) -> None:
    async with at_console(server, database, org_id) as member:
        held = dict(member.client.cookies)
        left = await member.client.post("/console/sign-out")
        assert (left.status_code, left.headers["location"]) == (303, "/console/sign-in")
        member.client.cookies.update(held)
        assert (await member.client.get("/console/inbox")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_other_websites_can_do_nothing_with_the_cookie(
    server: RunningServer, database: Database, org_id: UUID, headers: dict[str, str]
) -> None:
    async with at_console(server, database, org_id) as member:
        del member.client.headers["Sec-Fetch-Site"]
        for path in ("/console/sign-out", f"/console/conversations/{uuid4()}/resolve", "/console/sign-in"):
            answer = await member.client.post(path, headers=headers)
            assert answer.status_code == 403, path
            assert "did not come from a page of this console" in visible(answer.text)
        assert (await member.client.get("/console/inbox")).status_code == 200


async def test_browsers_without_fetch_metadata_are_known_by_their_origin(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        del member.client.headers["Sec-Fetch-Site"]
        answer = await member.client.post("/console/sign-out", headers={"Origin": server.url})
        assert answer.status_code == 303


async def test_every_page_forbids_what_it_does_not_need(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        paths = [
            "/console/sign-in",
            "/console/inbox",
            "/console/knowledge",
            "/console/nowhere",
            "/console/alive",
        ]
        for path in paths:
            headers = (await member.client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"


async def test_pages_hold_no_inline_code(server: RunningServer, database: Database, org_id: UUID) -> None:
    async with at_console(server, database, org_id) as member:
        async with database.transaction(org_id) as session:
            talk = await create_talk(session)
            await say(session, talk, "<script>alert(1)</script>")
        page = (await member.client.get(f"/console/conversations/{talk.id}")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert " style=" not in page
    assert " onclick" not in page
    assert "hx-on" not in page


async def test_errors_are_pages_and_notes(server: RunningServer, database: Database, org_id: UUID) -> None:
    async with at_console(server, database, org_id) as member:
        page = await member.client.get("/console/no/such/page")
        note = await member.client.get(f"/console/conversations/{uuid4()}", headers=HTMX)
        odd = await member.client.get("/console/inbox?tab=everything")
    assert (page.status_code, note.status_code, odd.status_code) == (404, 404, 400)
    assert page.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address." in visible(page.text)
    assert note.headers["frontdesk-note"] == "1"
    assert "<html" not in note.text
    assert "tab" in visible(odd.text)


async def test_a_new_password_ends_open_sessions(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        async with database.transaction(org_id) as session:
            await set_password(session, email=member.known.email, password="another long password")
        assert (await member.client.get("/console/inbox")).status_code == 303


@pytest.fixture
async def other(server: RunningServer, database: Database, other_org_id: UUID) -> UUID:
    async with database.transaction(other_org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "A secret of somebody else")
        return talk.id


async def test_other_organisations_do_not_exist_here(
    server: RunningServer, database: Database, org_id: UUID, other: UUID
) -> None:
    async with at_console(server, database, org_id) as member:
        base = f"/console/conversations/{other}"
        assert "secret" not in await member.page(base, 404)
        assert "secret" not in await member.page("/console/inbox?tab=all")
        assert (await member.client.get(f"/console/live?conversation={other}")).status_code == 404
        await _refused(member, base)


async def _refused(member: Member, base: str) -> None:
    for verb in ("take-over", "hand-back", "resolve"):
        assert (await member.press(f"{base}/{verb}")).status_code == 404
    posted = await member.press(f"{base}/messages", client_id=str(uuid4()), text="Hello")
    read = await member.press(f"{base}/read", seq="1")
    assert (posted.status_code, read.status_code) == (404, 404)


async def test_a_session_that_was_revoked_ends_the_stream(
    server: RunningServer, database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.live.BEAT_S", 0.2)
    async with (
        at_console(server, database, org_id) as member,
        member.client.stream("GET", "/console/live") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: ready"
        async with database.transaction(None) as session:
            held = await signed_in(session, member.client.cookies["frontdesk_session"])
            await sign_out(session, held.session_id)
        told = [line async for line in lines if line.startswith("event: ")]
    assert set(told) <= {
        "event: inbox.changed",
        "event: team.changed",
        "event: knowledge.changed",
        "event: presence",
    }


async def test_without_a_database_there_is_a_page_that_says_so() -> None:
    app = create_app(Settings(worker=False), "postgresql://nobody@127.0.0.1:1/nothing")
    async with RunningServer.of(app) as server, server.client() as client:
        answer = await client.get("/console/inbox")
    assert answer.status_code == 503
    assert "Nothing is lost; try again in a moment." in visible(answer.text)
