"""Knowledge in a real browser: files picked and dropped, watched on their way, read and deleted."""

from uuid import UUID, uuid4

import pytest
from playwright.async_api import BrowserContext, Page, expect

from app.kit.db import Database
from tests.browser.console import opened
from tests.factories import create_agent
from tests.serving import RunningServer


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
