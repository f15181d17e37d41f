"""The main job, end to end: a visitor, an agent and an admin, on real parts, in a real browser."""

import asyncio
import io
from pathlib import Path
from uuid import uuid4

import docx
import pytest
from playwright.async_api import Browser, Page, expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.browser.people import MemberAtConsole, VisitorAtWidget
from tests.browser.product import Product
from tests.model_server import ModelServer

QUESTION = "How do I connect a language model?"


async def test_nothing_is_stored_and_only_the_loader_is_fetched_before_the_widget_is_opened(
    page: Page, product: Product
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(product.url)))
    await page.goto(f"{product.url}/demo")
    await page.wait_for_timeout(500)
    assert [path for path in asked if not path.startswith(("/demo", "/static/demo."))] == ["/widget.js"]
    await VisitorAtWidget(page).opens()
    await page.wait_for_timeout(500)
    assert await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


async def test_a_visitor_gets_a_cited_answer_follows_up_and_is_told_what_is_not_known(
    page: Page, product: Product
) -> None:
    visitor = await VisitorAtWidget.arrives(page, product)
    await visitor.writes(QUESTION)
    await visitor.sees("OPENAI_BASE_URL")
    await visitor.panel.get_by_role("button", name="Source 1", exact=False).first.click()
    await expect(visitor.panel).to_contain_text("Running Frontdesk")

    await visitor.writes("And how do I turn that off?")
    await visitor.sees("start the server without these two variables")

    await visitor.writes("Who won the football world cup in 2018?")
    await visitor.sees("I don't know")
    await expect(visitor.thread.get_by_role("button", name="Talk to a person")).to_be_visible()


async def test_lines_of_code_begin_below_one_another(page: Page, product: Product) -> None:
    visitor = await VisitorAtWidget.arrives(page, product)
    await visitor.writes("How do I set opening hours?")
    await visitor.sees("frontdesk desk show")
    begins = await visitor.thread.locator("pre code").first.evaluate(
        """(code) => {
            const range = document.createRange();
            range.selectNodeContents(code);
            const begins = new Map();
            for (const { top, left } of range.getClientRects())
                begins.set(top, Math.min(left, begins.get(top) ?? Infinity));
            return [...begins.values()];
        }"""
    )
    assert len(begins) > 1
    assert len(set(begins)) == 1, begins


async def test_a_person_takes_over_answers_and_hands_back(
    browser: Browser, page: Page, product: Product
) -> None:
    visitor = await VisitorAtWidget.arrives(page, product)
    marker = uuid4().hex[:8]
    await visitor.writes(f"My parcel {marker} never arrived")
    await visitor.sees("I don't know")
    desk = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    agent = await MemberAtConsole.signs_in(await desk.new_page(), product, "agent")
    await visitor.thread.get_by_role("button", name="Talk to a person").click()

    await agent.opens_conversation(marker)
    await agent.takes_over()
    await agent.replies("I am looking for it now.")
    await visitor.sees("I am looking for it now.")
    await visitor.sees("Maya")
    await expect(visitor.panel.get_by_text("Maya", exact=False).first).to_be_visible()

    await visitor.writes(QUESTION)
    await expect(agent.page.get_by_role("log")).to_contain_text(QUESTION)
    await asyncio.sleep(1.5)
    await visitor.does_not_see("OPENAI_BASE_URL")

    await page.reload()
    await visitor.opens()
    for said in (marker, "I don't know", "I am looking for it now.", QUESTION):
        await visitor.sees(said)

    await agent.hands_back()
    await visitor.writes(QUESTION)
    await visitor.sees("OPENAI_BASE_URL")
    await desk.close()


def make_pdf(pages: list[str]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for text in pages:
        for line, words in enumerate(text.split("\n")):
            canvas.drawString(72, 760 - 20 * line, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def make_documents(folder: Path) -> list[Path]:
    pdf = folder / "lighthouse.pdf"
    pdf.write_bytes(
        make_pdf(
            [
                "The Cape Verity lighthouse\nA guide for volunteers.",
                "Opening hours\nThe tower opens at nine and closes at five.",
                "The lamp\nThe lamp of the lighthouse is lit by forty-two candles of whale oil.",
                "Leaving\nPlease sweep the stairs.",
            ]
        )
    )
    word = docx.Document()
    word.add_heading("Ferry timetable", 1)
    word.add_paragraph("The ferry to Cape Verity leaves the harbour at ten past seven every morning.")
    word.save(str(folder / "ferry.docx"))
    (folder / "keeper.md").write_text("# The keeper\n\nThe lighthouse keeper is called Ottoline Marsh.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    return [pdf, folder / "ferry.docx", folder / "keeper.md", folder / "broken.pdf"]


async def test_an_admin_uploads_documents_and_page_three_is_the_source(
    browser: Browser, page: Page, product: Product, tmp_path: Path
) -> None:
    desk = await browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    admin = await MemberAtConsole.signs_in(await desk.new_page(), product, "admin")
    await admin.page.get_by_role("link", name="Knowledge").click()
    await admin.page.locator("input[type=file]").set_input_files(make_documents(tmp_path))
    rows = admin.page.get_by_role("list", name="Documents").get_by_role("listitem")
    for name in ("lighthouse.pdf", "ferry.docx", "keeper.md"):
        await expect(rows.filter(has_text=name)).to_contain_text("Ready", timeout=60_000)
    broken = rows.filter(has_text="broken.pdf")
    await expect(broken).to_contain_text("Failed", timeout=60_000)
    await expect(broken.get_by_role("button", name="Try again")).to_be_visible()

    visitor = await VisitorAtWidget.arrives(page, product)
    await visitor.writes("How is the lamp of the lighthouse lit?")
    await visitor.sees("forty-two candles of whale oil")
    await visitor.sees("page 3")
    await visitor.writes("When does the ferry leave?")
    await visitor.sees("ten past seven")

    await rows.filter(has_text="lighthouse.pdf").get_by_role("button", name="Delete lighthouse.pdf").click()
    await admin.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(rows.filter(has_text="lighthouse.pdf")).to_have_count(0)
    again = await VisitorAtWidget.arrives(await (await browser.new_context()).new_page(), product)
    await again.writes("How is the lamp of the lighthouse lit?")
    await expect(again.thread.get_by_role("button", name="Copy")).to_be_visible()
    await again.does_not_see("whale oil")
    await desk.close()


@pytest.mark.timeout(120)
async def test_kill_9_during_an_answer_loses_nothing(
    page: Page, product_with_model: Product, model: ModelServer
) -> None:
    product = product_with_model
    words = " ".join(f"word{number}" for number in range(60))
    model.reset()
    model.say_slowly(f"Set OPENAI_BASE_URL [1]. {words} The end.", 0.05)
    visitor = await VisitorAtWidget.arrives(page, product)
    await visitor.writes(QUESTION)
    await visitor.sees("word5 ")
    await product.kill()
    await asyncio.sleep(0.5)
    await visitor.writes("Are you still there?")
    model.reset()
    model.say("I am, and so is your question. The end.")
    await product.start()
    await visitor.sees("The end.")
    await page.reload()
    await visitor.opens()
    await visitor.sees(QUESTION)
    await visitor.sees("Are you still there?")
    await visitor.sees("The end.")


@pytest.mark.timeout(120)
async def test_an_answer_whose_model_breaks_off_is_interrupted_and_can_be_retried(
    page: Page, product_with_model: Product, model: ModelServer
) -> None:
    model.reset()
    model.cut_after(
        12, "Set OPENAI_BASE_URL to the endpoint and OPENAI_MODEL to the model, then start again [1]."
    )
    visitor = await VisitorAtWidget.arrives(page, product_with_model)
    await visitor.writes(QUESTION)
    await visitor.sees("interrupted")
    model.reset()
    model.say("Set OPENAI_BASE_URL [1]. Complete now.")
    await visitor.thread.get_by_role("button", name="Try again").click()
    await visitor.sees("Complete now.")
    await visitor.does_not_see("interrupted")
