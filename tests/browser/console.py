"""A member's way into the console."""

from playwright.async_api import BrowserContext, Page, expect

from app.tenancy.members import SignedIn
from tests.factories import PASSWORD
from tests.serving import RunningServer


async def opened(
    server: RunningServer, context: BrowserContext, member: SignedIn, path: str = "/console/"
) -> Page:
    """The page at `path`, signed in and live."""
    page = await context.new_page()
    await page.goto(server.url + path)
    await page.get_by_label("E-mail").fill(member.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("html")).to_have_attribute("data-link", "live")
    return page
