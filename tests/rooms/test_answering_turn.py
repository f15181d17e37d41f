"""A turn: from the visitor's question to the cited answer in the conversation, on the real database."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import select

from app.answering import prompt
from app.answering.models import Answer
from app.answering.phrases import phrase
from app.answering.steps import Done, Reading, Searching, Step, Text, Why
from app.answering.turn import Context, Desk, answer, reply
from app.config import Settings
from app.conversations import messaging, views
from app.conversations.answers import Turn, retry_answer, stop_answers
from app.handoff import queue
from app.kit.db import Database
from app.kit.ids import new_id
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.realtime.bus import LocalBus
from app.realtime.drafts import Drafts
from app.tenancy.organisations import create_organisation
from tests.factories import Talk, create_agent, create_talk, say
from tests.model_server import ModelServer

GUIDE = b"""# Northwind widget

## Sounds

The widget plays a short sound when an agent replies. To turn the sound off, set `data-sound="off"` on the script
tag. See [all options](https://docs.northwind.example/options).

"""
SHOP = b"""# Northwind shop

## Returns

You can return a parasol within 30 days of delivery. The refund arrives five days after we receive it.

## Opening hours

The shop in Lisbon is open from nine to six, Monday to Friday.
"""
SOUND = "How do I turn the sound off?"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer().running() as running:
        yield running


@pytest.fixture
def model(server: ModelServer) -> ModelServer:
    server.reset()
    return server


@pytest.fixture
async def drafts(bus: LocalBus) -> Drafts:
    return Drafts(bus)


@pytest.fixture
async def context(database: Database, drafts: Drafts) -> Context:
    """Without a model."""
    return Context(Settings(), database, drafts)


@pytest.fixture
async def with_model(database: Database, drafts: Drafts, model: ModelServer) -> AsyncIterator[Context]:
    settings = Settings(openai_base_url=model.url, openai_model="scripted", answer_deadline_s=2)
    context = Context(settings, database, drafts)
    yield context
    await context.close()


@pytest.fixture(scope="module")
async def knowing(database: Database) -> UUID:
    """An organisation that has published two pages; these tests share it."""
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug=f"org-{new_id().hex}", name="Northwind")
    org_id = organisation.id
    for name, content in (("guide.md", GUIDE), ("shop.md", SHOP)):
        async with database.transaction(org_id) as session:
            document = await add_document(session, name=name, content=content, added_by=None)
            version = await latest_version(session, document.id)
        await index_version(database, org_id, version.id)
    return org_id


async def _steps(
    context: Context, org_id: UUID, question: str, *history: Turn, why: Why | None = None
) -> tuple[list[Step], Done]:
    desk = Desk(context.database, org_id, "Northwind", context.model)
    steps = [step async for step in answer(desk, question, history, why)]
    done = steps[-1]
    assert isinstance(done, Done)
    assert "".join(step.delta for step in steps if isinstance(step, Text)) == done.text
    return steps, done


async def test_without_a_model_the_documents_are_quoted(context: Context, knowing: UUID) -> None:
    why = Why()
    steps, done = await _steps(context, knowing, SOUND, why=why)
    assert isinstance(steps[0], Searching)
    assert isinstance(steps[1], Reading)
    assert 'To turn the sound off, set `data-sound="off"` on the script tag.' in done.text
    assert (done.outcome, done.state) == ("answered", "complete")
    source = done.sources[0]
    assert source.n == 1
    assert source.title
    assert 'data-sound="off"' in source.passage
    assert "https:" not in source.passage
    assert why.evidence is not None
    assert why.cited[0] == 0
    assert why.timings.keys() >= {"searched", "first_token"}


async def test_a_follow_up_is_understood_with_its_history(context: Context, knowing: UUID) -> None:
    history = (Turn("user", "Does the widget play a sound?"), Turn("assistant", "Yes, a short one. [1]"))
    _, done = await _steps(context, knowing, "and how do I turn that off?", *history)
    assert 'data-sound="off"' in done.text


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who won the chess world championship in 1972?", "en"),
        ("Wer hat 1972 die Weltmeisterschaft gewonnen?", "de"),
    ],
)
async def test_what_is_not_known_is_said_in_the_language_asked(
    context: Context, knowing: UUID, question: str, language: str
) -> None:
    _, done = await _steps(context, knowing, question)
    assert (done.outcome, done.text, done.sources) == ("unknown", phrase("unknown", language), ())


async def test_an_organisation_without_documents_says_so(context: Context, org_id: UUID) -> None:
    _, done = await _steps(context, org_id, SOUND)
    assert (done.outcome, done.text) == ("unknown", phrase("nothing_known", "en"))


@pytest.mark.parametrize("text", ["", "   \n", "🙂🙂", "a" * 5000, "\u202e\u0007", "?!"])
async def test_odd_messages_have_an_end(context: Context, knowing: UUID, text: str) -> None:
    _, done = await _steps(context, knowing, text)
    assert done.text


async def test_small_talk_needs_no_search(context: Context, knowing: UUID) -> None:
    steps, done = await _steps(context, knowing, "Guten Tag!")
    assert not any(isinstance(step, Searching) for step in steps)
    assert (done.outcome, done.text) == ("chat", phrase("greeting", "de"))


async def test_a_model_writes_and_its_numbers_are_resolved(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say('Set `data-sound="off"` [2], see [this](https://evil.example) [9]. Bye [1][2].')
    why = Why()
    _, done = await _steps(with_model, knowing, SOUND, why=why)
    assert done.text == 'Set `data-sound="off"` [1], see this. Bye [2][1].'
    assert [source.n for source in done.sources] == [1, 2]
    assert why.cited == [1, 0]
    assert (why.model, why.prompt_version, why.tokens_in) == ("scripted", prompt.VERSION, 100)


async def test_the_model_is_given_data_and_no_addresses(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    history = (Turn("user", "Hello, I have a widget"), Turn("assistant", "A fine one. [3]"))
    await _steps(with_model, knowing, SOUND, *history)
    body = model.requests[0].body
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert "Northwind" in body["messages"][0]["content"]
    assert body["messages"][2]["content"] == "A fine one."
    asked = body["messages"][3]["content"]
    assert asked.startswith('<passages>\n<passage number="1"')
    assert asked.endswith(f"Question:\n{SOUND}")
    assert "https:" not in asked
    assert {tool["function"]["name"] for tool in body["tools"]} == {"hand_off", "cannot_answer"}


async def test_the_model_asks_for_a_person(with_model: Context, knowing: UUID, model: ModelServer) -> None:
    model.call_tool("hand_off", {"reason": "A refund of their own."})
    _, done = await _steps(with_model, knowing, SOUND)
    assert (done.outcome, done.hand_off) == ("chat", "A refund of their own.")
    assert done.text == phrase("person", "en")


async def test_the_model_finds_no_answer(with_model: Context, knowing: UUID, model: ModelServer) -> None:
    model.call_tool("cannot_answer")
    _, done = await _steps(with_model, knowing, SOUND)
    assert (done.outcome, done.text) == ("unknown", phrase("unknown", "en"))


async def test_an_unknown_tool_and_no_text_is_answered_by_quoting(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.call_tool("delete_everything", {"now": True})
    _, done = await _steps(with_model, knowing, SOUND)
    assert done.outcome == "answered"
    assert 'data-sound="off"' in done.text


async def test_a_model_that_is_down_is_stood_in_for(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.fail(401, message="no such key")
    why = Why()
    _, done = await _steps(with_model, knowing, SOUND, why=why)
    assert (done.outcome, done.state) == ("answered", "complete")
    assert 'data-sound="off"' in done.text
    assert why.failure is not None
    assert "no such key" in why.failure


async def test_a_cut_stream_is_interrupted_with_its_text(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.cut_after(3, "One two three four")
    _, done = await _steps(with_model, knowing, SOUND)
    assert (done.text, done.state, done.outcome) == ("One two three", "interrupted", None)


async def test_an_answer_too_long_for_the_model_says_that_it_goes_on(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.finish_with("length", "One two three")
    _, done = await _steps(with_model, knowing, SOUND)
    assert (done.text, done.state) == ("One two three …", "complete")


async def _ask(database: Database, org_id: UUID, text: str) -> tuple[Talk, UUID]:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        return talk, (await say(session, talk, text)).id


async def _messages(database: Database, org_id: UUID, talk: Talk) -> list[views.View]:
    async with database.transaction(org_id) as session:
        view = await views.snapshot(session, await messaging.get(session, talk.id), {})
    return list(view["messages"])


async def _kept(database: Database, org_id: UUID, talk: Talk) -> list[Answer]:
    async with database.transaction(org_id) as session:
        return list(await session.scalars(select(Answer).where(Answer.conversation_id == talk.id)))


async def test_a_reply_stands_in_the_conversation_with_its_sources(
    context: Context, knowing: UUID, drafts: Drafts
) -> None:
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    said = (await _messages(context.database, knowing, talk))[-1]
    assert (said["author"]["kind"], said["state"], said["outcome"]) == ("bot", "complete", "answered")
    assert said["sources"][0]["n"] == 1
    assert said["sources"][0].keys() == {"n", "title", "place", "url", "passage"}
    assert not drafts.of(talk.id)
    kept = (await _kept(context.database, knowing, talk))[0]
    assert kept.question == SOUND
    assert kept.passages[0]["n"] == 1
    assert kept.model is None
    assert kept.timings["done"] >= kept.timings["searched"]


async def test_a_reply_that_runs_twice_answers_once(context: Context, knowing: UUID) -> None:
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    await reply(context, knowing, talk.id, question)
    assert len(await _messages(context.database, knowing, talk)) == 2


async def test_the_wish_for_a_person_hands_the_conversation_off(context: Context, knowing: UUID) -> None:
    talk, question = await _ask(context.database, knowing, "Can I talk to a human?")
    await reply(context, knowing, talk.id, question)
    async with context.database.transaction(knowing) as session:
        assert (await messaging.get(session, talk.id)).status == "waiting"
    messages = await _messages(context.database, knowing, talk)
    assert messages[1]["text"] == phrase("person", "en")
    assert messages[2]["notice"]["kind"] == "handoff_requested"


async def _streaming(drafts: Drafts, talk: Talk) -> str:
    """The text in flight, once there is some."""
    async with asyncio.timeout(5):
        while True:
            for draft in drafts.of(talk.id).values():
                if draft.text:
                    return draft.text
            await asyncio.sleep(0.01)


async def test_the_text_in_flight_is_shown_and_stored(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.say_slowly("word " * 20, per_token_s=0.06)
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    first = await _streaming(drafts, talk)
    await asyncio.sleep(0.7)
    stored = (await _messages(with_model.database, knowing, talk))[-1]
    assert stored["state"] == "streaming"
    assert stored["text"].startswith(first)
    await job
    assert (await _messages(with_model.database, knowing, talk))[-1]["text"] == ("word " * 20).strip()


async def test_the_assistant_falls_silent_when_an_agent_takes_over(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.cut_after(2, "Two words and more", end="hang")
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    await _streaming(drafts, talk)
    async with with_model.database.transaction(knowing) as session:
        await queue.claim(session, talk.id, await create_agent(session))
    before = await _messages(with_model.database, knowing, talk)
    async with asyncio.timeout(1.5):
        await job
        while not model.hung_up:
            await asyncio.sleep(0.01)
    assert await _messages(with_model.database, knowing, talk) == before
    assert not drafts.of(talk.id)
    assert not await _kept(with_model.database, knowing, talk)


async def test_stopping_ends_the_answer(
    with_model: Context, knowing: UUID, model: ModelServer, drafts: Drafts
) -> None:
    model.say_slowly("word " * 50, per_token_s=0.1)
    talk, question = await _ask(with_model.database, knowing, SOUND)
    job = asyncio.create_task(reply(with_model, knowing, talk.id, question))
    await _streaming(drafts, talk)
    async with with_model.database.transaction(knowing) as session:
        await stop_answers(session, talk.id)
    async with asyncio.timeout(1.5):
        await job
    assert (await _messages(with_model.database, knowing, talk))[-1]["state"] == "interrupted"


async def test_an_interrupted_answer_is_written_again(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.cut_after(2, "Two words and more")
    model.say("All of it [1].")
    talk, question = await _ask(with_model.database, knowing, SOUND)
    await reply(with_model, knowing, talk.id, question)
    broken = (await _messages(with_model.database, knowing, talk))[-1]
    assert (broken["state"], broken["text"], broken["outcome"]) == ("interrupted", "Two words", None)
    async with with_model.database.transaction(knowing) as session:
        await retry_answer(session, UUID(broken["id"]), visitor_id=talk.visitor.id)
    await reply(with_model, knowing, talk.id, question)
    whole = (await _messages(with_model.database, knowing, talk))[-1]
    assert whole["id"] == broken["id"]
    assert whole["attempt"] > broken["attempt"]
    assert (whole["state"], whole["text"]) == ("complete", "All of it [1].")
    assert [kept.state for kept in await _kept(with_model.database, knowing, talk)] == ["complete"]


async def test_what_goes_wrong_inside_ends_as_interrupted(
    context: Context, knowing: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("app.answering.turn.search", broken)
    talk, question = await _ask(context.database, knowing, SOUND)
    await reply(context, knowing, talk.id, question)
    assert (await _messages(context.database, knowing, talk))[-1]["state"] == "interrupted"


async def test_another_organisation_knows_nothing_of_it(
    context: Context, knowing: UUID, other_org_id: UUID
) -> None:
    _, done = await _steps(context, other_org_id, SOUND)
    assert done.outcome == "unknown"
