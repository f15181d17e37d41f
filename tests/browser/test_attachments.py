"""Files in a real browser: picked, taken away again, sent, seen by the other side."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, expect

from app.conversations import queries
from app.handoff import queue
from app.kit.db import Database
from app.tenancy.members import SignedIn
from tests.browser.console import opened
from tests.factories import Talk, create_agent, create_talk, say
from tests.rooms.attached import PDF, png, post_file
from tests.serving import RunningServer

PICTURE = FilePayload(name="screen.png", mimeType="image/png", buffer=png(240, 160))
PAPER = FilePayload(name="Rechnung.pdf", mimeType="application/pdf", buffer=PDF)
OTHER = FilePayload(name="other.txt", mimeType="text/plain", buffer=b"Not this one")


@pytest.fixture
def database(server: RunningServer) -> Database:
    """The server's own, so that its signals reach the pages at once."""
    return server.runtime.database


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
async def maya(database: Database, org_id: Any) -> SignedIn:
    async with database.transaction(org_id) as session:
        return await create_agent(session)


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
