"""From the visitor's question to what is stored, with a model in between: what it was sent, and what came of it."""

from uuid import UUID

from sqlalchemy import select

from app.answering import prompt
from app.answering.assistant import set_assistant
from app.answering.models import Answer
from app.answering.phrases import phrase
from app.answering.turn import Context, reply
from app.conversations import messaging, queries
from app.conversations.models import Conversation, Message
from app.handoff.brief import kept
from tests.factories import Talk, create_talk, say
from tests.model_server import ModelServer, Request

SOUND = "How do I turn the sound off?"


async def _talk(context: Context, org_id: UUID) -> Talk:
    async with context.database.transaction(org_id) as session:
        return await create_talk(session)


async def _ask(context: Context, org_id: UUID, talk: Talk, text: str = SOUND) -> Message:
    """What the assistant says to it."""
    async with context.database.transaction(org_id) as session:
        question = await say(session, talk, text)
    await reply(context, org_id, talk.id, question.id)
    async with context.database.transaction(org_id) as session:
        said = (await session.scalars(queries.messages(session, talk.id))).all()
    return [message for message in said if message.author_kind == "bot"][-1]


async def _standing(context: Context, org_id: UUID, talk: Talk) -> Conversation:
    async with context.database.transaction(org_id) as session:
        return await messaging.get(session, talk.id)


async def _kept(context: Context, org_id: UUID, message: Message) -> Answer:
    async with context.database.transaction(org_id) as session:
        return (await session.scalars(select(Answer).where(Answer.message_id == message.id))).one()


async def test_a_model_that_wants_a_person_hands_the_conversation_off(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.call_tool(prompt.HAND_OFF, {"reason": "They want their money back."})
    talk = await _talk(with_model, knowing)
    said = await _ask(with_model, knowing, talk)
    assert (said.state, said.outcome) == ("complete", "chat")
    assert said.text.startswith(phrase("person", "en"))
    conversation = await _standing(with_model, knowing, talk)
    assert (conversation.status, conversation.waiting_reason) == ("waiting", "They want their money back.")
    async with with_model.database.transaction(knowing) as session:
        [handoff] = await kept(session, conversation)
    assert (handoff.brief["reason"], handoff.brief["question"]) == ("They want their money back", SOUND)


async def test_a_model_that_has_no_answer_leaves_the_conversation_to_the_assistant(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.call_tool(prompt.CANNOT_ANSWER)
    talk = await _talk(with_model, knowing)
    said = await _ask(with_model, knowing, talk)
    assert (said.text, said.outcome) == (phrase("unknown", "en"), "unknown")
    assert (await _standing(with_model, knowing, talk)).status == "bot"


def _told(request: Request) -> str:
    return str(request.body["messages"][0]["content"])


async def test_what_is_set_for_a_site_reaches_the_model_from_there_and_nowhere_else(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("In the options [1].")
    talk, elsewhere = [await _talk(with_model, knowing) for _ in range(2)]
    wanted = "Mention that the shop in Lisbon has a garden."
    async with with_model.database.transaction(knowing) as session:
        await set_assistant(
            session, talk.site.id, by=None, instructions=wanted, tone="formal", model="own", temperature=0.5
        )
    for each in (talk, elsewhere):
        await _ask(with_model, knowing, each)
    here, there = model.requests
    assert wanted in _told(here)
    assert prompt.TONES["formal"] in _told(here)
    assert (here.body["model"], here.body["temperature"]) == ("own", 0.5)
    assert wanted not in _told(there)
    assert prompt.TONES["formal"] not in _told(there)
    assert (there.body["model"], there.body.get("temperature")) == ("scripted", None)


async def test_what_a_model_was_asked_and_used_is_kept_with_its_answer(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("In the options [1].")
    talk = await _talk(with_model, knowing)
    async with with_model.database.transaction(knowing) as session:
        assistant = await set_assistant(session, talk.site.id, by=None, tone="friendly")
    answer = await _kept(with_model, knowing, await _ask(with_model, knowing, talk))
    [request] = model.requests
    assert answer.prompt == request.body["messages"]
    assert (answer.model, answer.prompt_version) == ("scripted", prompt.version(assistant))
    assert answer.prompt_version != prompt.version(type(assistant)())
    assert (answer.tokens_in, answer.tokens_out) == (100, 9)
    assert (answer.state, answer.outcome, answer.failure) == ("complete", "answered", None)
    cited = [passage for passage in answer.passages if passage["n"]]
    assert [passage["n"] for passage in cited] == [1]


async def test_why_a_model_did_not_answer_is_kept(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.fail(401)
    talk = await _talk(with_model, knowing)
    answer = await _kept(with_model, knowing, await _ask(with_model, knowing, talk))
    assert (answer.state, answer.outcome) == ("complete", "answered")
    assert "401" in (answer.failure or "")
    assert answer.prompt == model.requests[0].body["messages"]
