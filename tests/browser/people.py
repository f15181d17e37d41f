"""What the story's people do, by the words that they see."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from tests.browser.product import Product


@dataclass
class VisitorAtWidget:
    page: Page

    @classmethod
    async def arrives(cls, page: Page, product: Product) -> "VisitorAtWidget":
        await page.goto(f"{product.url}/demo")
        visitor = cls(page)
        await visitor.opens()
        return visitor

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def thread(self) -> Locator:
        return self.panel.get_by_role("log")

    async def opens(self) -> None:
        await self.page.get_by_role("button", name="Open chat").click()
        await expect(self.panel).to_be_visible()

    async def writes(self, text: str) -> None:
        await self.panel.get_by_role("textbox").fill(text)
        await self.page.keyboard.press("Enter")

    async def sees(self, text: str, *, within_s: float = 40) -> None:
        await expect(self.thread).to_contain_text(text, timeout=within_s * 1000)

    async def does_not_see(self, text: str) -> None:
        await expect(self.thread).not_to_contain_text(text)


@dataclass
class MemberAtConsole:
    page: Page

    @classmethod
    async def signs_in(cls, page: Page, product: Product, role: str) -> "MemberAtConsole":
        address, password = product.sign_ins[role]
        await page.goto(f"{product.url}/console/")
        await page.get_by_label("E-mail").fill(address)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        return cls(page)

    async def opens_conversation(self, preview: str) -> None:
        await self.page.get_by_role("link").filter(has_text=preview).first.click()

    async def takes_over(self) -> None:
        await self.page.get_by_role("button", name="Take over").click()
        await expect(self.page.get_by_role("button", name="Hand back")).to_be_visible()

    async def hands_back(self) -> None:
        await self.page.get_by_role("button", name="Hand back").click()
        await expect(self.page.get_by_role("button", name="Take over")).to_be_visible()

    async def replies(self, text: str) -> None:
        await self.page.get_by_role("textbox").fill(text)
        await self.page.get_by_role("button", name="Send").click()
        await expect(self.page.get_by_role("log")).to_contain_text(text)
