"""The console in a real browser: what an agent and an admin do, and that the page keeps up by itself."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from app.conversations import queries
from app.conversations.answers import begin_answer, finish_answer
from app.conversations.messaging import lock
from app.handoff import queue
from app.kit.db import Database
from app.realtime.drafts import Draft
from app.tenancy.members import SignedIn
from tests.browser.console import opened
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer


@pytest.fixture
async def talk(database: Database, org_id: UUID) -> Talk:
    """A visitor who waits for a person."""
    return await waiting(database, org_id, "Where is my parcel?")


@pytest.fixture
async def console(server: RunningServer, context: BrowserContext, maya: SignedIn) -> AsyncIterator[Page]:
    """Maya's inbox. Whatever its console complains about fails the test."""
    page = await opened(server, context, maya)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
    yield page
    assert complaints == []


async def waiting(database: Database, org_id: UUID, text: str) -> Talk:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, text)
        await queue.request(session, talk.id, reason="asked for a person")
        return talk


async def replies(database: Database, talk: Talk) -> list[str]:
    async with database.transaction(talk.visitor.org_id) as session:
        said = (await session.scalars(queries.messages(session, talk.id))).all()
    return [message.text for message in said if message.author_kind == "agent"]


async def visitor_says(database: Database, talk: Talk, text: str) -> None:
    async with database.transaction(talk.visitor.org_id) as session:
        await say(session, talk, text)


async def test_an_agent_takes_over_writes_and_resolves_with_the_keys(
    console: Page, database: Database, talk: Talk
) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await expect(console.get_by_text("Take over to reply")).to_be_visible()
    await console.keyboard.press("t")
    reply = console.get_by_label("Reply to")
    await expect(reply).to_be_focused()
    await expect(console).to_have_url(f"{console.url.partition('?')[0]}?tab=mine")
    await reply.fill("I am looking")
    await reply.press("Enter")
    await reply.press_sequentially("for it.")
    await reply.press("Control+Enter")
    await expect(console.locator(".said.agent")).to_contain_text("I am looking\nfor it.")
    await expect(reply).to_have_value("")
    assert await replies(database, talk) == ["I am looking\nfor it."]
    await console.locator(".thread").focus()
    await console.keyboard.press("e")
    await expect(console.get_by_text("This conversation is resolved.")).to_be_visible()


async def test_keys_do_nothing_while_somebody_types(console: Page, database: Database, talk: Talk) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await console.get_by_role("button", name="Take over").click()
    reply = console.get_by_label("Reply to")
    await expect(reply).to_be_focused()
    await console.keyboard.type("be there")
    await expect(reply).to_have_value("be there")
    await expect(console.get_by_role("button", name="Hand back")).to_be_visible()


async def test_news_come_without_a_reload_and_disturb_nothing(
    console: Page, database: Database, talk: Talk, org_id: UUID
) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await console.get_by_role("button", name="Take over").click()
    reply = console.get_by_label("Reply to")
    await reply.fill("Half a sen")
    await console.evaluate("window.same = document.querySelector('textarea')")
    await visitor_says(database, talk, "Hello? Are you there?")
    await expect(console.locator(".said.visitor").last).to_contain_text("Are you there?")
    await waiting(database, org_id, "Me too!")
    await expect(console.locator(".nav .count")).to_contain_text("1")
    await expect(reply).to_have_value("Half a sen")
    await expect(reply).to_be_focused()
    assert await console.evaluate("window.same === document.querySelector('textarea')")


async def test_the_visitor_is_told_that_they_were_read(console: Page, database: Database, talk: Talk) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await console.get_by_role("button", name="Take over").click()
    await expect(console.locator(".said.visitor")).to_be_visible()
    async with asyncio.timeout(40):
        while await read_by(database, talk) != ["staff"]:
            await asyncio.sleep(0.05)


async def read_by(database: Database, talk: Talk) -> list[str]:
    async with database.transaction(talk.visitor.org_id) as session:
        marks = (await session.scalars(queries.read_marks(session, talk.id))).all()
    return [mark.side for mark in marks]


async def test_a_reply_that_is_not_sent_is_kept_and_posted_once(
    console: Page, database: Database, talk: Talk
) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await console.get_by_role("button", name="Take over").click()
    reply = console.get_by_label("Reply to")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await console.route("**/messages", lose_the_answer)
    await reply.fill("On its way.")
    await reply.press("Control+Enter")
    await expect(console.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await expect(reply).to_have_value("On its way.")
    await console.unroute("**/messages")
    await reply.press("Control+Enter")
    await expect(reply).to_have_value("")
    assert await replies(database, talk) == ["On its way."]


async def test_a_draft_outlives_a_reload(console: Page, talk: Talk) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    await console.get_by_role("button", name="Take over").click()
    await console.get_by_label("Reply to").fill("Not yet said")
    await console.reload()
    await expect(console.get_by_label("Reply to")).to_have_value("Not yet said")


async def test_who_comes_second_is_told_who_has_it(
    console: Page, database: Database, talk: Talk, org_id: UUID
) -> None:
    await console.get_by_role("link", name="Where is my parcel?").click()
    take_over = console.get_by_role("button", name="Take over")
    await expect(take_over).to_be_visible()
    await console.route("**/console/conversations/*?tab=*", lambda route: route.abort())
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, await create_agent(session, "Jonas Weber"))
    await take_over.click()
    await expect(console.get_by_role("alert")).to_contain_text(
        "Jonas Weber has taken this conversation already."
    )
    await console.unroute("**/console/conversations/*?tab=*")
    gone = "Jonas Weber has this conversation, and is not at the console now."
    await expect(console.get_by_text(gone)).to_be_visible()


async def test_an_answer_is_seen_while_it_is_written(
    server: RunningServer, console: Page, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        # Asked while it waits, so that the server's own assistant stays out of it: this test writes the answer.
        await queue.request(session, talk.id, reason="asked for a person")
        question = await say(session, talk, "Do you ship to Norway?")
        (await lock(session, talk.id)).status = "bot"
        await session.flush()
        answer = await begin_answer(session, talk.id, trigger_id=question.id)
        assert answer
    await console.goto(f"{server.url}/console/conversations/{talk.id}")
    words = console.locator(".said.bot .words")
    for text in ("**Yes**, with", "**Yes**, within five days.[1]"):
        server.runtime.drafts.put(talk.id, answer.message_id, Draft(answer.attempt, text, pages=1))
        await expect(words).to_contain_text(text.replace("*", "").removesuffix("[1]"))
    sources = [
        {"n": 1, "title": "Shipping", "place": "page 4", "url": None, "passage": "Five days to Norway."}
    ]
    async with database.transaction(org_id) as session:
        text = "**Yes**, within five days.[1]"
        assert await finish_answer(session, answer, text=text, sources=sources, outcome="answered")
    server.runtime.drafts.drop(talk.id, answer.message_id)
    await console.locator(".sources summary").click()
    await expect(console.get_by_text("Five days to Norway.").first).to_be_visible()
    await expect(words.locator("strong")).to_have_text("Yes")


async def test_back_and_forward_and_deep_links(
    console: Page, database: Database, talk: Talk, org_id: UUID
) -> None:
    await waiting(database, org_id, "Me too!")
    await console.get_by_role("link", name="Where is my parcel?").click()
    await expect(console.locator(".said.visitor")).to_contain_text("Where is my parcel?")
    await console.get_by_role("link", name="Me too!").click()
    await expect(console.locator(".said.visitor")).to_contain_text("Me too!")
    await console.go_back()
    await expect(console.locator(".said.visitor")).to_contain_text("Where is my parcel?")
    await console.go_forward()
    await expect(console.locator(".said.visitor")).to_contain_text("Me too!")
    await expect(console.locator(".row[aria-current]")).to_contain_text("Me too!")


async def test_on_a_phone_one_column_at_a_time(console: Page, talk: Talk) -> None:
    await console.set_viewport_size({"width": 375, "height": 700})
    row = console.get_by_role("link", name="Where is my parcel?")
    await row.click()
    await expect(row).to_be_hidden()
    await expect(console.get_by_role("button", name="Take over")).to_be_in_viewport()
    await console.get_by_role("button", name="About this visitor").click()
    await expect(console.get_by_text("First seen")).to_be_in_viewport()
    await console.keyboard.press("Escape")
    assert await console.evaluate("document.documentElement.scrollWidth") == 375
    await console.get_by_role("link", name="Back to the list").click()
    await expect(row).to_be_visible()


async def test_signing_out_in_one_tab_ends_the_other(
    server: RunningServer, console: Page, context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.live.BEAT_S", 0.3)
    other = await context.new_page()
    await other.goto(f"{server.url}/console/inbox?tab=all")
    await expect(other.locator("html")).to_have_attribute("data-link", "live")
    await console.get_by_role("button", name="Sign out").click()
    await expect(other).to_have_url(f"{server.url}/console/sign-in?next=/console/inbox%3Ftab%3Dall")
