"""Files in a real browser: picked, taken away again, sent, seen by the other side."""

import asyncio
from uuid import UUID, uuid4

import pytest
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, expect

from app.conversations import queries
from app.conversations.files import checked
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from app.tenancy.members import SignedIn
from tests.browser.console import opened
from tests.browser.people import VisitorAtWidget
from tests.browser.shop import Shop, agent_joins
from tests.factories import Talk, create_talk, say
from tests.rooms.attached import PDF, png, post_file
from tests.serving import RunningServer

PICTURE = FilePayload(name="screen.png", mimeType="image/png", buffer=png(240, 160))
PAPER = FilePayload(name="Rechnung.pdf", mimeType="application/pdf", buffer=PDF)
OTHER = FilePayload(name="other.txt", mimeType="text/plain", buffer=b"Not this one")


async def sent_of(database: Database, talk: Talk) -> list[tuple[str, list[str]]]:
    """What agents have written, with the names of its files."""
    async with database.transaction(talk.visitor.org_id) as session:
        found = (await session.scalars(queries.messages(session, talk.id))).all()
    return [
        (message.text, [file["name"] for file in message.attachments])
        for message in found
        if message.author_kind == "agent"
    ]


@pytest.fixture
async def talk(database: Database, maya: SignedIn) -> Talk:
    """A visitor who has sent a picture and a paper, with an agent."""
    async with database.transaction(maya.org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "This is what I see, and what I got.")
        await post_file(session, talk, PICTURE["name"], PICTURE["buffer"])
        await post_file(session, talk, PAPER["name"], PAPER["buffer"])
        await queue.claim(session, talk.id, maya)
    return talk


async def test_an_agent_sees_files_and_sends_some(
    server: RunningServer, database: Database, context: BrowserContext, maya: SignedIn, talk: Talk
) -> None:
    page = await opened(server, context, maya, f"/console/conversations/{talk.id}")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    await shows_picture(page)
    async with page.expect_download() as downloaded:
        await page.get_by_role("log").get_by_role("link", name=PAPER["name"]).click()
    assert (await downloaded.value).suggested_filename == PAPER["name"]

    field = page.get_by_label("Attach files")
    await field.set_input_files([PICTURE, OTHER])
    await field.set_input_files([PAPER])
    picked = page.get_by_role("list", name="Files to send")
    await expect(picked.get_by_role("listitem")).to_have_count(3)
    await page.get_by_role("button", name="Remove other.txt").press("Enter")
    await expect(picked).not_to_contain_text("other.txt")
    await page.get_by_label("Reply to").press("Control+Enter")
    await expect(page.get_by_role("log").locator(".said.agent .files li")).to_have_count(2)
    await expect(picked.get_by_role("listitem")).to_have_count(0)
    await expect(page.get_by_role("button", name="Send")).to_be_enabled()
    await page.get_by_label("Reply to").fill("And in words")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("log")).to_contain_text("And in words")
    assert await sent_of(database, talk) == [
        ("", [PICTURE["name"], PAPER["name"]]),
        ("And in words", []),
    ]
    assert complaints == []


async def shows_picture(page: Page) -> None:
    image = page.get_by_role("log").get_by_role("img", name=PICTURE["name"]).first
    await expect(image).to_be_visible()
    async with asyncio.timeout(20):
        while not await image.evaluate("image => image.complete && image.naturalWidth === 240"):
            await asyncio.sleep(0.05)


async def test_what_cannot_be_sent_is_said_before_it_is(
    server: RunningServer, context: BrowserContext, maya: SignedIn, talk: Talk
) -> None:
    page = await opened(server, context, maya, f"/console/conversations/{talk.id}")
    field = page.get_by_label("Attach files")
    await field.set_input_files([FilePayload(name="none.txt", mimeType="text/plain", buffer=b"")])
    await expect(page.locator("#notes")).to_contain_text("none.txt is empty")
    await field.set_input_files([PICTURE] * 6)
    await expect(page.locator("#notes")).to_contain_text("at most 5")
    await expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(5)
    page_of_its_own = FilePayload(name=f"{uuid4()}.html", mimeType="text/html", buffer=b"<!doctype html><p>")
    await field.set_input_files([])
    for _ in range(5):
        await page.get_by_role("button", name="Remove screen.png").first.click()
    await field.set_input_files([page_of_its_own])
    await page.get_by_label("Reply to").fill("Look")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#notes")).to_contain_text("This type of file is not taken")
    await expect(page.get_by_label("Reply to")).to_have_value("Look")
    await expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(1)


async def picks(visitor: VisitorAtWidget, *files: FilePayload) -> None:
    async with visitor.page.expect_file_chooser() as chooser:
        await visitor.panel.get_by_role("button", name="Attach").click()
    await (await chooser.value).set_files(list(files))


def row_of(visitor: VisitorAtWidget, name: str) -> Locator:
    """A file that is picked."""
    return visitor.panel.get_by_role("listitem").filter(has_text=name)


async def test_a_visitor_sends_files_and_downloads_what_an_agent_sends(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await picks(visitor, PICTURE, OTHER)
    await picks(visitor, PAPER)
    await expect(row_of(visitor, PAPER["name"])).to_contain_text("1 kB")
    await visitor.panel.get_by_role("button", name="Remove other.txt").press("Enter")
    await visitor.panel.get_by_role("textbox").press("Enter")
    await visitor.sees("I can't look at files")
    await expect(visitor.panel.get_by_role("listitem")).to_have_count(0)
    conversation, agent = await agent_joins(database, org_id)
    async with database.transaction(org_id) as session:
        said = (await session.scalars(queries.messages(session, conversation.id))).all()
        assert [(one["name"], one["size"]) for one in said[0].attachments] == [
            (PICTURE["name"], len(PICTURE["buffer"])),
            (PAPER["name"], len(PDF)),
        ]
        label = checked("label.pdf", PDF, limit=len(PDF))
        await reply(session, conversation.id, agent, client_id=uuid4(), text="Print this", files=[label])
    await visitor.page.reload()
    await visitor.opens()
    for name, content in (("label.pdf", PDF), (PICTURE["name"], PICTURE["buffer"])):
        async with visitor.page.expect_download() as downloaded:
            await visitor.thread.get_by_role("button", name=name).click()
        assert (await downloaded.value).suggested_filename == name
        assert (await (await downloaded.value).path()).read_bytes() == content


async def test_a_file_that_cannot_be_sent_says_why_and_holds_the_message_back(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await picks(visitor, FilePayload(name="page.txt", mimeType="text/plain", buffer=b"<!doctype html><p>"))
    await expect(row_of(visitor, "page.txt")).to_contain_text("This type of file is not taken")
    large = FilePayload(name="large.txt", mimeType="text/plain", buffer=b"x" * (10 * 1024 * 1024 + 1))
    await picks(visitor, large)
    await expect(row_of(visitor, "large.txt")).to_contain_text("Larger than 10 MB")
    await visitor.writes("Look at these")
    await expect(visitor.panel.get_by_role("textbox")).to_have_value("Look at these")
    await visitor.panel.get_by_role("button", name="Remove page.txt").click()
    await visitor.panel.get_by_role("button", name="Remove large.txt").click()
    await picks(visitor, *[PICTURE] * 6)
    await expect(visitor.panel.get_by_text("At most 5 files at once")).to_have_count(1)
    await visitor.panel.get_by_role("button", name="Remove screen.png").last.click()
    await visitor.panel.get_by_role("button", name="Send").click()
    await visitor.sees("Look at these")
    await expect(visitor.thread.get_by_role("button", name="screen.png")).to_have_count(5)


async def test_without_a_connection_a_file_waits_until_it_is_sent_again(
    context: BrowserContext, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Hello")
    await visitor.sees("What would you like to know?")
    await picks(visitor, PICTURE)
    await visitor.panel.get_by_role("button", name="Remove screen.png").click()
    await context.set_offline(True)
    await picks(visitor, PICTURE)
    await expect(row_of(visitor, "screen.png")).to_contain_text("That did not work. Try again.")
    await context.set_offline(False)
    await visitor.writes("Here it is")
    await visitor.sees("Here it is")
    await expect(visitor.thread.get_by_role("button", name="screen.png")).to_have_count(1)
