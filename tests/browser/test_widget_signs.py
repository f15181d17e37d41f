"""What a visitor sees of the people at the desk, and of the line to them: typing, ticks, corrections, unread, age."""

from uuid import UUID, uuid4

from playwright.async_api import expect

from app.conversations import editing, messaging
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from app.realtime import presence
from tests.browser.people import VisitorAtWidget
from tests.browser.shop import Shop, agent_joins
from tests.serving import RunningServer


async def test_it_wears_its_style_sheet(shop: Shop) -> None:
    visitor = await shop.open_tab()
    await expect(visitor.panel).to_have_css("width", "384px")
    await expect(visitor.panel).to_have_css("border-radius", "20px")
    await expect(visitor.panel.get_by_role("button", name="Send")).to_have_css("width", "32px")
    await expect(visitor.page.locator("frontdesk-widget")).to_have_css("display", "contents")


async def test_each_side_sees_the_other_type(
    server: RunningServer, database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Where is my parcel?")
    conversation, agent = await agent_joins(database, org_id)
    await visitor.sees("joined")
    there = server.runtime.presence
    there.type(conversation.id, presence.agent(agent.id, agent.name))
    await visitor.sees("Maya Kaur is typing…")
    there.stop_typing(conversation.id, presence.agent(agent.id, agent.name))
    await visitor.does_not_see("is typing…")

    field = visitor.panel.get_by_role("textbox")
    told = [f"/v1/conversations/{conversation.id}/typing"]
    bodies: list[object] = []
    visitor.page.on(
        "request", lambda asked: bodies.append(asked.post_data_json) if told[0] in asked.url else None
    )
    async with visitor.page.expect_response(lambda answer: told[0] in answer.url) as answered:
        await field.press_sequentially("It was")
    assert (await answered.value).status == 204
    async with visitor.page.expect_response(lambda answer: told[0] in answer.url):
        await field.press("Enter")
    await visitor.sees("It was")
    assert bodies == [{"typing": True}, {"typing": False}]


async def test_the_last_message_says_how_far_it_has_come(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Where is my parcel?")
    conversation, _ = await agent_joins(database, org_id)
    await visitor.writes("It was sent on Monday.")
    await visitor.sees("It was sent on Monday.✓ Delivered")
    async with database.transaction(org_id) as session:
        await messaging.mark_read(session, conversation.id, side="staff", seq=10**6)
    await visitor.sees("✓✓ Read")
    await visitor.does_not_see("Delivered")


async def test_corrections_and_a_return_to_the_queue_are_told(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Where is my parcel?")
    conversation, agent = await agent_joins(database, org_id)
    async with database.transaction(org_id) as session:
        first, _ = await reply(session, conversation.id, agent, client_id=uuid4(), text="It is in Olso.")
        second, _ = await reply(session, conversation.id, agent, client_id=uuid4(), text="Sorry for that.")
    await visitor.sees("Sorry for that.")
    async with database.transaction(org_id) as session:
        await editing.edit(session, first.id, agent, client_id=uuid4(), text="It is in Oslo.")
        await editing.delete(session, second.id, agent)
    await visitor.sees("It is in Oslo.Edited")
    await visitor.sees("Deleted")
    await visitor.does_not_see("Sorry for that.")
    async with database.transaction(org_id) as session:
        await queue.put_back(session, conversation.id, agent)
    await visitor.sees("Waiting for a person")


async def test_without_a_connection_it_says_so_and_how_old_the_last_news_is(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Hello?")
    await agent_joins(database, org_id)
    await visitor.sees("joined")
    await shop.context.set_offline(True)
    bar = visitor.panel.get_by_text("No connection. What you write is kept and sent later.")
    await expect(bar).to_be_visible()
    await expect(visitor.panel.get_by_text("Last contact")).to_contain_text(" ago")
    await shop.context.set_offline(False)
    await expect(bar).not_to_be_visible(timeout=45_000)


async def test_what_came_meanwhile_is_counted_on_the_closed_launcher_of_the_next_page(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Where is my parcel?")
    conversation, agent = await agent_joins(database, org_id)
    await visitor.sees("joined")
    await visitor.page.goto("about:blank")
    async with database.transaction(org_id) as session:
        await reply(session, conversation.id, agent, client_id=uuid4(), text="It is in Oslo.")
    await visitor.page.goto(f"{shop.server.url}/shop")
    await expect(visitor.page.get_by_role("button", name="Open chat, 1 unread")).to_be_visible()
    async with database.transaction(org_id) as session:
        await reply(session, conversation.id, agent, client_id=uuid4(), text="It comes tomorrow.")
    await expect(visitor.page.get_by_role("button", name="Open chat, 2 unread")).to_be_visible()
    await visitor.opens()
    await visitor.sees("It comes tomorrow.")
    await visitor.panel.get_by_role("button", name="Close").click()
    await expect(visitor.page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()


async def test_what_was_not_sent_is_sent_by_the_next_page_before_the_widget_is_opened(
    database: Database, org_id: UUID, shop: Shop
) -> None:
    visitor = await shop.open_tab()
    await visitor.writes("Hello?")
    await agent_joins(database, org_id)
    await visitor.sees("joined")
    await shop.context.set_offline(True)
    await visitor.writes("Written on the train.")
    await visitor.sees("Written on the train.")
    await visitor.page.close()
    await shop.context.set_offline(False)
    page = await shop.context.new_page()
    async with page.expect_response(lambda answer: answer.url.endswith("/messages")) as answered:
        await page.goto(f"{shop.server.url}/shop")
    assert (await answered.value).ok
    await expect(page.get_by_role("dialog")).not_to_be_visible()
    visitor = VisitorAtWidget(page)
    await visitor.opens()
    await expect(visitor.thread.get_by_text("Written on the train.")).to_have_count(1)
