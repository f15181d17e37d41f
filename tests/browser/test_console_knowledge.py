"""Knowledge in a real browser: files picked and dropped, watched on their way, read and deleted."""

import re
from uuid import UUID, uuid4

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, expect
from sqlalchemy import update

from app.kit.db import Database
from app.knowledge.models import DocumentVersion
from app.knowledge.written import Draft, write
from tests.browser.conftest import Start
from tests.browser.console import opened
from tests.browser.people import MemberAtConsole
from tests.factories import create_agent
from tests.serving import RunningServer
from tests.website import website


@pytest.fixture
async def knowledge(server: RunningServer, context: BrowserContext, org_id: UUID) -> Page:
    """What an admin sees of an organisation that knows nothing yet."""
    database: Database = server.runtime.database
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
    return await opened(server, context, ada, "/console/knowledge")


async def test_an_admin_uploads_watches_reads_and_deletes(server: RunningServer, knowledge: Page) -> None:
    mark = uuid4().hex
    files = [
        {
            "name": "returns.md",
            "mimeType": "text/markdown",
            "buffer": f"# Returns\n\n{mark} thirty days.".encode(),
        },
        {
            "name": "big.txt",
            "mimeType": "text/plain",
            "buffer": b"x" * (server.runtime.settings.upload_limit + 1),
        },
        {"name": "picture.zip", "mimeType": "application/zip", "buffer": b"PK\x05\x06" + bytes(18)},
    ]
    # What the page takes for the limit; that the server holds to it too is tested at its door.
    await knowledge.locator("#drop").evaluate("form => form.dataset.limit = 2000")
    await knowledge.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    await expect(knowledge.locator("#uploads .failed")).to_contain_text("Larger than")
    await expect(knowledge.locator(".document.ready")).to_contain_text("returns.md", timeout=60_000)
    await expect(knowledge.locator(".document.failed")).to_contain_text("picture.zip", timeout=60_000)
    await knowledge.get_by_role("link", name="returns.md").click()
    await expect(knowledge.locator(".chunk")).to_contain_text(f"{mark} thirty days.")
    await expect(knowledge.locator("#steps li.done")).to_have_count(4)
    await expect(knowledge.locator("#steps li").first).to_contain_text(re.compile(r"Reading the file.* s$"))
    await knowledge.get_by_role("button", name="Delete").click()
    await knowledge.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(knowledge).to_have_url(f"{server.url}/console/knowledge")
    await expect(knowledge.get_by_role("link", name="picture.zip")).to_be_visible()
    await expect(knowledge.get_by_role("link", name="returns.md")).to_have_count(0)


async def test_a_file_that_is_dropped_is_uploaded(knowledge: Page) -> None:
    carried = await knowledge.evaluate_handle(
        """() => { const carried = new DataTransfer();
        carried.items.add(new File(['The desk opens at nine.'], 'hours.txt')); return carried }"""
    )
    await knowledge.dispatch_event("#drop", "dragover", {"dataTransfer": carried})
    await expect(knowledge.locator("#drop[data-over]")).to_be_visible()
    await knowledge.dispatch_event("#drop", "drop", {"dataTransfer": carried})
    await expect(knowledge.locator(".document.ready")).to_contain_text("hours.txt", timeout=60_000)


async def uploaded(page: Page, name: str, content: bytes) -> None:
    file: FilePayload = {"name": name, "mimeType": "text/plain", "buffer": content}
    await page.locator("input[type=file]").set_input_files([file])
    await expect(page.locator(".document.ready").filter(has_text=name)).to_be_visible(timeout=60_000)


async def test_what_failed_says_why_and_is_read_when_tried_again(
    server: RunningServer, knowledge: Page, org_id: UUID
) -> None:
    await uploaded(knowledge, "hours.txt", b"The desk opens at nine.")
    said = "This file is protected by a password. Remove the protection and upload it again."
    failed = {"state": "failed", "failure_code": "encrypted", "failure_message": said}
    async with server.runtime.database.transaction(org_id) as session:
        await session.execute(update(DocumentVersion).where(DocumentVersion.org_id == org_id).values(failed))
    await knowledge.reload()
    await expect(knowledge.locator(".document.failed .problem")).to_contain_text(said)
    await knowledge.get_by_role("button", name="Try again").click()
    await expect(knowledge.locator(".document.ready")).to_contain_text("hours.txt", timeout=60_000)
    await expect(knowledge.get_by_role("button", name="Try again")).to_have_count(0)


async def test_the_playground_shows_what_meaning_and_words_found(knowledge: Page) -> None:
    await uploaded(knowledge, "hours.txt", b"The desk opens at nine.")
    await uploaded(knowledge, "garage.txt", b"Every car is washed on Fridays.")
    await knowledge.get_by_role("link", name="Try a question").click()
    await knowledge.get_by_label("Question").fill("When is a car washed?")
    await knowledge.keyboard.press("Enter")
    first = knowledge.locator("#found > li").first
    await expect(first).to_contain_text("garage")
    for kind in ("Fused", "Meaning", "Words"):
        await expect(first.locator("dl > div").filter(has_text=kind)).to_contain_text(
            re.compile(r"\d.* no\. 1")
        )
    await expect(knowledge.locator("#trial")).to_contain_text("Enough to answer")
    await first.get_by_text("Read it").click()
    await expect(first.locator(".prose")).to_contain_text("Every car is washed on Fridays.")


async def test_answers_and_snippets_are_written_changed_and_deleted_in_place(knowledge: Page) -> None:
    await knowledge.get_by_role("link", name="Written").click()
    await expect(knowledge.locator(".empty")).to_contain_text("Nothing is written yet")
    await written(knowledge, "New question", "Questions", "How can I pay?\nDo you take cards?", "By card.")
    await expect(knowledge.locator(".entry")).to_contain_text("2 ways to ask")
    await written(knowledge, "New snippet", "Title", "Parking", "Behind the mill.")
    entries = knowledge.locator(".entry.ready")
    await expect(entries).to_have_count(2)
    pay, parking = entries.filter(has_text="How can I pay?"), entries.filter(has_text="Parking")
    await pay.get_by_role("link", name="Edit How can I pay?").click()
    await expect(knowledge.get_by_role("textbox", name="Answer")).to_have_value("By card.")
    await knowledge.get_by_role("textbox", name="Answer").fill("By card or invoice.")
    await knowledge.get_by_role("button", name="Save").click()
    await expect(pay).to_contain_text("By card or invoice.")
    await pay.get_by_role("button", name="Turn off: How can I pay?").click()
    await expect(knowledge.locator(".entry.off")).to_contain_text("How can I pay?")
    await parking.get_by_role("button", name="Delete Parking").click()
    await knowledge.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(knowledge.locator(".entry")).to_have_count(1)


async def test_what_is_being_written_keeps_the_focus_while_the_page_follows_the_news(
    server: RunningServer, knowledge: Page, org_id: UUID
) -> None:
    await knowledge.get_by_role("link", name="Written").click()
    await knowledge.get_by_role("link", name="New question").click()
    await expect(knowledge.get_by_label("Questions")).to_be_focused()
    answer = knowledge.get_by_role("textbox", name="Answer")
    await answer.press_sequentially("By c")
    async with server.runtime.database.transaction(org_id) as session:
        await write(session, "snippet", Draft(("Parking",), "Behind the mill."), by=None)
    await expect(knowledge.locator(".entry.ready")).to_contain_text("Parking", timeout=60_000)
    await expect(answer).to_be_focused()
    await knowledge.keyboard.type("ard.")
    await expect(answer).to_have_value("By card.")


async def written(page: Page, kind: str, first: str, name: str, text: str) -> None:
    await page.get_by_role("link", name=kind).click()
    await page.get_by_label(first).fill(name)
    await page.get_by_role("textbox", name="Answer" if first == "Questions" else "Text").fill(text)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".entry.ready").filter(has_text=name.partition("\n")[0])).to_be_visible(
        timeout=60_000
    )


async def test_a_website_is_previewed_added_and_read(page: Page, start_product: Start) -> None:
    async with website() as site:
        site.page("/help/", "Help centre", "a", "gone")
        site.page("/help/a", "Parcels")
        product = await start_product(FRONTDESK_PRIVATE_HOSTS=site.host, FRONTDESK_CRAWL_DELAY="0.05")
        await MemberAtConsole.signs_in(page, product, "admin")
        await page.goto(f"{product.url}/console/knowledge/sites")
        await page.get_by_label("Address").fill(f"{site.url}/help/")
        await page.get_by_role("button", name="Preview").click()
        preview = page.locator(".preview")
        await expect(preview).to_contain_text("What would be fetched")
        await expect(preview).to_contain_text(f"{site.url}/help/a")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.locator("#pages")).to_contain_text("Parcels", timeout=60_000)
        await expect(page.locator("#pages li.stored")).to_have_count(2)
        await expect(page.locator(".facts")).to_contain_text("2 pages known", timeout=60_000)
        await page.get_by_role("link", name="Left out or not reached").click()
        await expect(page.locator("#pages li")).to_have_count(1)
        await expect(page.locator("#pages .why")).to_contain_text("is not there (status 404)")
