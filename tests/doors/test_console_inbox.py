"""The inbox: who waits, taking over, writing, handing back, and what is told when somebody else was faster."""

import asyncio
import re
from uuid import UUID, uuid4

import pytest

from app.conversations import queries
from app.conversations.answers import begin_answer, finish_answer
from app.conversations.messaging import Author, get, post, start_conversation
from app.conversations.models import Conversation, Message
from app.handoff import queue
from app.kit.db import Database
from app.visitors.sessions import leave_contact
from tests.doors.console import Member, at_console, visible
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer

SOURCES = [{"n": 1, "title": "Returns", "place": "page 3", "url": None, "passage": "Thirty days."}]


@pytest.fixture
async def talk(database: Database, org_id: UUID) -> Talk:
    """A visitor with a question, who asked for a person."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        talk.visitor.page, talk.visitor.language = "https://shop.example/orders?id=7", "nb"
        question = await say(session, talk, "Where is my parcel?")
        answer = await begin_answer(session, talk.id, trigger_id=question.id)
        assert answer
        text = "**Thirty days**.[1]"
        await finish_answer(session, answer, text=text, sources=SOURCES, outcome="answered")
        await queue.request(session, talk.id, reason="asked for a person")
        return talk


async def standing(database: Database, talk: Talk) -> Conversation:
    async with database.transaction(talk.visitor.org_id) as session:
        return await get(session, talk.id)


async def posted(database: Database, talk: Talk) -> list[Message]:
    """What agents have written."""
    async with database.transaction(talk.visitor.org_id) as session:
        said = (await session.scalars(queries.messages(session, talk.id))).all()
    return [message for message in said if message.author_kind == "agent"]


async def test_an_empty_inbox_says_what_will_appear(member: Member) -> None:
    for tab, words in {
        "waiting": "Nobody is waiting",
        "mine": "take it over",
        "bot": "talking to nobody",
        "all": "No conversations yet",
    }.items():
        assert words in await member.page(f"/console/inbox?tab={tab}")


async def test_who_takes_over_sees_how_to_reach_the_visitor(
    member: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    here = f"/console/conversations/{talk.id}"
    before = await member.page(here)
    assert "No contact details yet." in before
    assert "E-mail not left" in before
    async with database.transaction(org_id) as session:
        await leave_contact(session, talk.visitor.id, email="ann@example.org", name="Ann Larch")
    page = await member.page(here)
    assert "No contact details yet." not in page
    assert "Name Ann Larch" in page
    assert "E-mail ann@example.org" in page


async def test_the_list_says_who_waits_and_what_for(member: Member, talk: Talk) -> None:
    page = await member.page("/console/inbox")
    assert "Waiting 1 Mine 0 Assistant 0" in page
    assert "Where is my parcel?" in page
    assert "asked for a person" in page
    assert "(1) Inbox" in page


async def test_who_waits_longest_stands_first(
    member: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        later = await create_talk(session)
        await say(session, later, "I came second")
        await queue.request(session, later.id, reason="asked for a person")
        await say(session, talk, "Still there?")
    page = await member.page("/console/inbox")
    assert page.index("Still there?") < page.index("I came second")


async def test_conversations_without_a_word_are_not_listed(
    member: Member, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        await create_talk(session)
    assert "No conversations yet" in await member.page("/console/inbox?tab=all")


async def test_a_conversation_shows_brief_thread_and_context(member: Member, talk: Talk) -> None:
    page = await member.page(f"/console/conversations/{talk.id}")
    assert "Asked for a person." in page
    assert "Last question: “ Where is my parcel? ”" in page
    assert "answered from Returns" in page
    assert "Thirty days . 1" in page
    assert "Returns , page 3" in page
    assert "/orders?id=7" in page
    assert "Take over to reply: the visitor waits for a person." in page


async def test_taking_over_writing_handing_back_and_resolving(
    member: Member, talk: Talk, database: Database
) -> None:
    base = f"/console/conversations/{talk.id}"
    taken = await member.press(f"{base}/take-over")
    assert taken.headers["hx-replace-url"] == f"{base}?tab=mine"
    assert "with you" in visible(taken.text)
    written = await member.press(
        f"{base}/messages", client_id=str(uuid4()), text="Hello, I am looking.", tab="mine"
    )
    assert "Hello, I am looking." in visible(written.text)
    assert (await standing(database, talk)).assignee_name == "Maya Kaur"
    back = await member.press(f"{base}/hand-back", tab="mine")
    assert "Maya Kaur handed back to the assistant" in visible(back.text)
    done = await member.press(f"{base}/resolve", tab="mine")
    assert "This conversation is resolved." in visible(done.text)
    assert (await standing(database, talk)).status == "resolved"


async def test_without_scripts_every_button_leads_back_to_the_page(member: Member, talk: Talk) -> None:
    base = f"/console/conversations/{talk.id}"
    taken = await member.client.post(f"{base}/take-over")
    assert (taken.status_code, taken.headers["location"]) == (303, f"{base}?tab=mine")
    written = await member.client.post(f"{base}/messages", data={"client_id": str(uuid4()), "text": "Hi"})
    assert (written.status_code, written.headers["location"]) == (303, base)


async def test_of_two_who_take_over_one_is_told_who_has_it(
    server: RunningServer, member: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    path = f"/console/conversations/{talk.id}/take-over"
    async with at_console(server, database, org_id, name="Jonas Weber") as other:
        both = await asyncio.gather(member.press(path), other.press(path))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    holder = (await standing(database, talk)).assignee_name
    late = next(answer for answer in both if answer.status_code == 409)
    assert f"{holder} has taken this conversation already." in visible(late.text)


async def test_writing_takes_taking_over(member: Member, talk: Talk, database: Database) -> None:
    path = f"/console/conversations/{talk.id}/messages"
    refused = await member.press(path, client_id=str(uuid4()), text="Hello")
    assert refused.status_code == 409
    assert "Take the conversation over first." in visible(refused.text)
    assert await posted(database, talk) == []


async def test_two_replies_without_an_id_are_two_replies(
    member: Member, talk: Talk, database: Database
) -> None:
    base = f"/console/conversations/{talk.id}"
    await member.press(f"{base}/take-over")
    for text in ("First", "Second"):
        assert (await member.press(f"{base}/messages", text=text)).status_code == 200
    assert [message.text for message in await posted(database, talk)] == ["First", "Second"]


async def test_earlier_conversations_are_shown_in_plain_words(
    member: Member, talk: Talk, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, member.known)
        await queue.hand_back(session, talk.id, member.known)
        question = await say(session, talk, "How long may I wait?")
        answer = await begin_answer(session, talk.id, trigger_id=question.id)
        assert answer
        long = "**Thirty days**.[1] " + "And so on. " * 30
        await finish_answer(session, answer, text=long, sources=SOURCES, outcome="answered")
        later, _ = await start_conversation(
            session, visitor_id=talk.visitor.id, site_id=talk.site.id, client_id=uuid4()
        )
        await post(
            session, later.id, author=Author("visitor", talk.visitor.id), client_id=uuid4(), text="Me again"
        )
    page = await member.page(f"/console/conversations/{later.id}")
    assert "Thirty days. And so on." in page
    assert re.search(r"And so on[^…]*…", page)


async def test_a_reply_sent_twice_is_posted_once(member: Member, talk: Talk, database: Database) -> None:
    base = f"/console/conversations/{talk.id}"
    await member.press(f"{base}/take-over")
    client_id = str(uuid4())
    answers = await asyncio.gather(
        *(member.press(f"{base}/messages", client_id=client_id, text="Once") for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [message.text for message in await posted(database, talk)] == ["Once"]


@pytest.mark.parametrize(
    ("text", "words"), [("  ", "needs some text"), ("x" * 5001, "at most 5,000 characters")]
)
async def test_a_reply_that_cannot_be_sent_says_why(
    member: Member, talk: Talk, text: str, words: str
) -> None:
    base = f"/console/conversations/{talk.id}"
    await member.press(f"{base}/take-over")
    answer = await member.press(f"{base}/messages", client_id=str(uuid4()), text=text)
    assert answer.status_code == 422
    assert words in visible(answer.text)


async def test_only_who_has_a_conversation_reads_it_for_the_visitor(
    member: Member, talk: Talk, database: Database
) -> None:
    base = f"/console/conversations/{talk.id}"
    assert (await member.press(f"{base}/read", seq="1")).status_code == 409
    await member.press(f"{base}/take-over")
    async with database.transaction(talk.visitor.org_id) as session:
        last = await say(session, talk, "Hello?")
    assert "2 unread" in await member.page("/console/inbox?tab=mine")
    assert (await member.press(f"{base}/read", seq=str(last.seq))).status_code == 204
    assert "Hello? No conversation open" in await member.page("/console/inbox?tab=mine")


async def test_a_colleague_is_named(member: Member, talk: Talk, database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, await create_agent(session, "Jonas Weber"))
    page = await member.page(f"/console/conversations/{talk.id}")
    assert "with Jonas Weber" in page
    assert "Jonas Weber has this conversation" in page
    refused = await member.press(f"/console/conversations/{talk.id}/hand-back")
    assert "Ask them to hand it back first." in visible(refused.text)


async def test_the_list_goes_on_on_demand(member: Member, database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        for number in range(52):
            talk = await create_talk(session)
            await say(session, talk, f"Question {number}.")
            await queue.request(session, talk.id, reason="asked for a person")
    first = await member.page("/console/inbox")
    assert "Show more" in first
    assert "Question 51." not in first
    assert "Question 51." in await member.page("/console/inbox?limit=100")
