"""What an organisation sets for its assistant, and what comes of it in an answer."""

from uuid import UUID

import pytest

from app.answering import prompt
from app.answering.assistant import Assistant, assistant_of, held, reset_assistant, set_assistant
from app.answering.phrases import phrase
from app.answering.steps import Done, Why
from app.answering.turn import Context, Desk, answer
from app.kit.errors import Invalid
from app.tenancy.organisations import create_site
from tests.model_server import ModelServer

SOUND = "How do I turn the sound off?"


async def _done(context: Context, org_id: UUID, question: str, assistant: Assistant, why: Why) -> Done:
    desk = Desk(context.database, org_id, "Northwind", context.model, assistant=assistant)
    done = [step async for step in answer(desk, question, (), why)][-1]
    assert isinstance(done, Done)
    return done


async def test_a_site_has_its_own_settings_or_those_of_the_organisation(
    context: Context, org_id: UUID
) -> None:
    async with context.database.transaction(org_id) as session:
        site = await create_site(session, name="Shop", origins=[])
        assert await held(session, site.id) == await held(session, None)
        await set_assistant(session, None, by=None, tone="formal")
        assert (await assistant_of(session, site.id)).tone == "formal"
        await set_assistant(session, site.id, by=None, instructions="Be brief.")
        own = await held(session, site.id)
        assert (own.own, own.assistant.tone, own.assistant.instructions) == (True, "formal", "Be brief.")
        assert own.changed_by == "the operator"
        assert not (await assistant_of(session, None)).instructions
        await reset_assistant(session, site.id)
        assert not (await held(session, site.id)).own


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Assistant(tone="loud"), "'loud' is no tone. Choose one of plain, friendly, formal."),  # type: ignore[arg-type]
        (Assistant(temperature=3.0), "a number from 0 to 2"),
        (Assistant(model="two words"), "no spaces"),
        (Assistant(languages=("xx",)), "does not speak 'xx'"),
        (Assistant(instructions="x" * 2001), "at most 2,000"),
        (Assistant(forbidden=("the",)), "no word that a question could be recognised by"),
        (Assistant(forbidden=("x" * 81,)), "at most 80"),
        (Assistant(forbidden=tuple(f"topic {n}" for n in range(31))), "At most 30 topics"),
    ],
)
def test_what_no_assistant_can_be_is_refused(wrong: Assistant, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        wrong.check()


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Can you give me legal advice?", "legal advice"),
        ("Are refunds possible?", "refund"),
        ("Gibt es Rabatte?", "Rabatt"),
        ("我想要退款", "退款"),
        ("What is your legal address?", None),
        (SOUND, None),
    ],
)
def test_topics_are_recognised_however_they_are_inflected(question: str, topic: str | None) -> None:
    assert Assistant(forbidden=("legal advice", "refund", "Rabatt", "退款")).forbids(question) == topic


async def test_a_forbidden_topic_is_declined_without_a_model(context: Context, knowing: UUID) -> None:
    why = Why()
    done = await _done(context, knowing, SOUND, Assistant(forbidden=("sounds",)), why)
    assert (done.text, done.outcome) == (phrase("forbidden", "en"), "chat")
    assert why.decision == {"kind": "forbidden", "topic": "sounds"}


async def test_a_forbidden_topic_is_declined_by_a_model_in_other_words(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.call_tool(prompt.DECLINE)
    done = await _done(with_model, knowing, SOUND, Assistant(forbidden=("noise",)), Why())
    assert (done.text, done.outcome) == (phrase("forbidden", "en"), "chat")
    assert "not spoken about here: noise" in model.requests[0].body["messages"][0]["content"]


async def test_the_model_is_asked_as_it_is_set(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("Set the option [1].")
    set_to = Assistant("other", 0.2, "friendly", ("de", "fr"), "Say {please}.", ())
    why = Why()
    await _done(with_model, knowing, SOUND, set_to, why)
    body = model.requests[0].body
    assert (body["model"], body["temperature"]) == ("other", 0.2)
    system = body["messages"][0]["content"]
    for told in (prompt.TONES["friendly"], "(ISO 639-1): de, fr.", "Say {please}."):
        assert told in system
    assert why.prompt_version == f"{prompt.VERSION}+{set_to.version}"
    assert prompt.version(Assistant()) == prompt.VERSION


async def test_its_own_sentences_are_in_a_language_that_it_speaks(context: Context, knowing: UUID) -> None:
    asked = "Who won the chess world championship in 1972?"
    done = await _done(context, knowing, asked, Assistant(languages=("de", "fr")), Why())
    assert done.text == phrase("unknown", "de")


async def test_a_model_asks_back_and_its_question_is_made_harmless(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.call_tool(
        prompt.ASK_BACK, {"question": "Which ![x](https://evil.example/x) <b>one</b> is it: A or B?"}
    )
    done = await _done(with_model, knowing, SOUND, Assistant(), Why())
    assert (done.text, done.outcome) == ("Which one is it: A or B?", "chat")
