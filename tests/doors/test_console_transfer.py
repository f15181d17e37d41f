"""Passing a conversation on at the console, and what its members see of each other."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from app.conversations.messaging import lock
from app.handoff import absence, queue
from app.kit.clock import now
from app.kit.db import Database
from app.tenancy.models import Member as MemberRow
from tests.doors.console import Member, at_console, visible
from tests.doors.pages import Page, problem
from tests.factories import Talk, create_talk, say
from tests.serving import RunningServer


@pytest.fixture
async def maya(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id) as member:
        yield member


@pytest.fixture
async def jonas(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, name="Jonas Lind") as member:
        yield member


@pytest.fixture
async def talk(database: Database, org_id: UUID, maya: Member) -> Talk:
    """Maya's, and the visitor waits for her reply."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.claim(session, talk.id, maya.known)
    return talk


async def test_the_menu_says_who_is_there_and_warns_of_who_is_not(
    maya: Member, jonas: Member, talk: Talk
) -> None:
    address = f"/console/conversations/{talk.id}"
    choice = f'value="{jonas.known.id}" data-member="{jonas.known.id}" data-here='
    page = (await maya.client.get(address)).text
    assert f'{choice}"false"' in page
    assert "not here: the visitor may have to wait" in visible(page)
    assert f'value="{maya.known.id}"' not in page, "not to oneself"
    await jonas.client.get("/console/alive")
    assert f'{choice}"true"' in (await maya.client.get(address)).text
    assert "Pass on" not in await jonas.page(address), "it is not his"


async def test_passing_on_to_somebody_who_is_not_there_says_what_happens_then(
    maya: Member, jonas: Member, talk: Talk
) -> None:
    base = f"/console/conversations/{talk.id}"
    page = visible((await maya.press(f"{base}/transfer", to=str(jonas.known.id), tab="mine")).text)
    assert "Maya Kaur passed it on to Jonas Lind" in page
    assert "Jonas Lind has this conversation, and is not at the console now." in page
    assert "goes back to the queue 5 min after they left" in page
    assert "Where is my parcel?" in await jonas.page("/console/inbox?tab=mine")
    await jonas.client.get("/console/alive")
    assert "You can read along; ask them to pass it on" in await maya.page(base)


async def test_what_cannot_be_passed_on_says_why(
    maya: Member, jonas: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    base = f"/console/conversations/{talk.id}"
    not_his = await jonas.press(f"{base}/transfer", to=str(jonas.known.id))
    assert (not_his.status_code, "Maya Kaur has this conversation." in not_his.text) == (409, True)
    unknown = await maya.press(f"{base}/transfer", to=str(uuid4()))
    assert (unknown.status_code, "no such member" in visible(unknown.text)) == (422, True)
    assert (await maya.press(f"{base}/transfer", to="Jonas")).status_code == 400
    async with database.transaction(org_id) as session:
        gone = update(MemberRow).where(MemberRow.org_id == org_id, MemberRow.id == jonas.known.id)
        await session.execute(gone.values(disabled_at=now()))
    disabled = await maya.press(f"{base}/transfer", to=str(jonas.known.id))
    assert disabled.status_code == 409
    assert "account is disabled. Choose somebody else." in visible(disabled.text)
    assert str(jonas.known.id) not in (await maya.client.get(base)).text, "nor is he offered"


async def test_what_is_put_back_waits_for_anybody(maya: Member, jonas: Member, talk: Talk) -> None:
    base = f"/console/conversations/{talk.id}"
    page = visible((await maya.press(f"{base}/put-back", tab="mine")).text)
    assert "Maya Kaur put it back in the queue" in page
    assert "put back by Maya Kaur" in await jonas.page("/console/inbox?tab=waiting")
    assert (await jonas.press(f"{base}/take-over")).status_code in {200, 201}


async def test_who_comes_back_is_told_what_went_back_to_the_queue(
    maya: Member, jonas: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    told = "While you were away, a conversation of yours went back to the queue."
    assert told not in await maya.page("/console/inbox")
    async with database.transaction(org_id) as session:
        await absence._return(session, await lock(session, talk.id))
    assert told in await maya.page("/console/inbox?tab=mine")
    assert told not in await jonas.page("/console/inbox")
    assert "Maya Kaur was away: it is back in the queue" in await jonas.page(
        f"/console/conversations/{talk.id}"
    )
    await jonas.press(f"/console/conversations/{talk.id}/take-over")
    assert told not in await maya.page("/console/inbox")


async def test_a_message_to_a_resolved_conversation_opens_it_for_the_assistant(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id) as member:
        conversation = (await page.start())["id"]
        await page.write(conversation, "Hello")
        base = f"/console/conversations/{conversation}"
        await member.press(f"{base}/take-over")
        await member.press(f"{base}/resolve")
        refused = await member.press(f"{base}/messages", client_id=str(uuid4()), text="One more thing")
        assert refused.status_code == 409
        assert "Take the conversation over first." in visible(refused.text)
        assert (await member.press(f"{base}/typing", typing="true")).status_code == 409
        assert (await page.write(conversation, "One more question")).status_code == 201
        state = (await page.client.get(f"/v1/conversations/{conversation}")).json()
    assert state["status"] == "bot"
    assert "reopened" in [message["notice"]["kind"] for message in state["messages"] if message["notice"]]


async def test_spam_leaves_the_inbox_takes_nothing_and_can_be_brought_back(
    page: Page, server: RunningServer, database: Database
) -> None:
    async with at_console(server, database, page.org_id) as member:
        conversation = (await page.start())["id"]
        await page.write(conversation, "Buy followers now")
        base = f"/console/conversations/{conversation}"
        put_away = visible((await member.press(f"{base}/spam", tab="all")).text)
        assert "This is spam: what its visitor writes is refused." in put_away

        async def stands_in(tab: str) -> bool:
            return f'id="r-{conversation}"' in (await member.client.get(f"/console/inbox?tab={tab}")).text

        assert [await stands_in(tab) for tab in ("all", "bot", "spam")] == [False, False, True]
        refused = problem(await page.write(conversation, "And likes"), 409, "conversation_closed")
        assert refused["detail"] == "This conversation is closed. Start a new one."
        assert "Not spam" in await member.page(base)
        await member.press(f"{base}/resolve")
        assert [await stands_in(tab) for tab in ("all", "spam")] == [True, False]
        assert (await page.write(conversation, "Sorry, my question is about parcels")).status_code == 201


async def test_only_who_has_a_conversation_puts_it_away(maya: Member, jonas: Member, talk: Talk) -> None:
    refused = await jonas.press(f"/console/conversations/{talk.id}/spam")
    assert refused.status_code == 409
    assert "Maya Kaur has this conversation." in visible(refused.text)
    assert "Mark as spam" not in await jonas.page(f"/console/conversations/{talk.id}")
    await maya.press(f"/console/conversations/{talk.id}/spam")
    assert "No spam" not in await maya.page("/console/inbox?tab=spam")
