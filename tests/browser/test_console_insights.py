"""Insights in a real browser: from a question asked in vain to its answer, and golden questions that get worse."""

from uuid import UUID

import pytest
from playwright.async_api import BrowserContext, Page, expect

from app.answering.models import Answer
from app.conversations.answers import begin_answer, finish_answer
from app.kit.db import Database
from app.knowledge.documents import delete_document
from tests.browser.console import opened
from tests.factories import create_agent, create_talk, say
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer

SHOP = b"# Shop\n\n## Returns\n\nYou can return a parasol within 30 days of delivery.\n"
GOLDEN = "/console/insights/golden"


async def in_vain(database: Database, org_id: UUID, text: str) -> None:
    """A conversation in which the assistant does not know."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        asked = await say(session, talk, text)
        opened = await begin_answer(session, talk.id, trigger_id=asked.id)
        assert opened is not None
        await finish_answer(session, opened, text="I don't know.", sources=[], outcome="unknown")
        session.add(
            Answer(
                message_id=opened.message_id,
                org_id=org_id,
                conversation_id=talk.id,
                question=text,
                search_query={},
                passages=[],
                decision={},
                state="complete",
                outcome="unknown",
                prompt=[],
                timings={},
            )
        )


@pytest.fixture
async def insights(server: RunningServer, context: BrowserContext, org_id: UUID) -> Page:
    database: Database = server.runtime.database
    for text in ("Do you ship to Norway?", "do you ship to norway", "Can I pay with seashells?"):
        await in_vain(database, org_id, text)
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
    return await opened(server, context, ada, "/console/insights")


async def test_a_question_asked_in_vain_gets_its_answer(server: RunningServer, insights: Page) -> None:
    await expect(insights.locator(".group")).to_have_count(2)
    await insights.get_by_role("link", name="Write an answer to: do you ship to norway").click()
    questions = insights.get_by_label("Questions")
    await expect(questions).to_have_value("do you ship to norway\nDo you ship to Norway?")
    await insights.get_by_label("Answer", exact=True).fill("Yes, in a week.")
    await insights.get_by_role("button", name="Save").click()
    await expect(insights).to_have_url(f"{server.url}/console/knowledge/written")
    await insights.get_by_role("link", name="Insights").click()
    await expect(insights.locator(".group")).to_have_count(1)
    await expect(insights.locator(".group")).to_contain_text("seashells")


async def test_golden_questions_tell_what_got_worse(
    server: RunningServer, insights: Page, org_id: UUID
) -> None:
    database: Database = server.runtime.database
    shop_id = (await index_document(database, org_id, "shop.md", SHOP)).id
    await insights.get_by_role("link", name="Golden questions").click()
    for question, say_, declined in (
        ("How long can I return a parasol?", "30 days", False),
        ("Who won the bicycle race in Lisbon?", "", True),
    ):
        await insights.get_by_role("link", name="New question").click()
        await insights.get_by_label("Question", exact=False).first.fill(question)
        await insights.get_by_label("Must say").fill(say_)
        await insights.get_by_label("The right answer is that it is not known").set_checked(declined)
        await insights.get_by_role("button", name="Save").click()
        await expect(insights.locator("#questions")).to_contain_text(question)
    await insights.get_by_role("button", name="Ask all again").click()
    await expect(insights.locator("#latest")).to_contain_text("2 of 2 right", timeout=30_000)
    await expect(insights.locator(".judged.right")).to_have_count(2)
    async with database.transaction(org_id) as session:
        await delete_document(session, shop_id)
    await index_document(database, org_id, "news.md", SHOP.replace(b"30 days", b"14 days"))
    await insights.get_by_role("button", name="Ask all again").click()
    await expect(insights.locator("#latest")).to_contain_text("1 of 2 right 1 worse", timeout=30_000)
    await insights.locator("#latest").get_by_role("link").click()
    await expect(insights.get_by_role("heading", name="1 of 2 right")).to_be_visible()
    worse = insights.locator("#results li", has_text="worse").first
    await expect(worse).to_contain_text("Does not say “30 days”.")
    await worse.get_by_text("Before").click()
    await expect(worse).to_contain_text("within 30 days of delivery")
