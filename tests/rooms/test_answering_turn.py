"""A turn: from the visitor's question to the cited answer in the conversation, on the real database."""

from uuid import UUID

import pytest

from app.answering import prompt
from app.answering.phrases import phrase
from app.answering.steps import Done, Reading, Searching, Step, Text, Why
from app.answering.turn import Context, Desk, answer
from app.conversations.asked import Turn
from tests.model_server import ModelServer

SOUND = "How do I turn the sound off?"


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


async def test_what_was_just_quoted_for_another_question_is_said_to_be_that(
    context: Context, knowing: UUID
) -> None:
    _, first = await _steps(context, knowing, SOUND)
    before = (Turn("user", SOUND), Turn("assistant", first.text))
    _, again = await _steps(context, knowing, "Is there some other way to turn the sound off?", *before)
    assert again.text == f"{phrase('again', 'en')}\n\n{first.text}"
    assert again.sources == first.sources
    _, same = await _steps(context, knowing, SOUND, *before)
    assert same.text == first.text


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


async def test_yes_to_the_offer_of_a_person_brings_one(context: Context, knowing: UUID) -> None:
    asked = Turn("user", "Wer hat 1972 die Weltmeisterschaft gewonnen?")
    offered = Turn("assistant", phrase("unknown", "de"))
    _, done = await _steps(context, knowing, "Ja, bitte!", asked, offered)
    assert (done.text, done.hand_off) == (phrase("person", "de"), "The visitor asked for a person.")

    _, done = await _steps(context, knowing, "Ja, bitte!", asked, Turn("assistant", "Das war 1972. [1]"))
    assert done.hand_off is None


async def test_small_talk_needs_no_search(context: Context, knowing: UUID) -> None:
    steps, done = await _steps(context, knowing, "Guten Tag!")
    assert not any(isinstance(step, Searching) for step in steps)
    assert (done.outcome, done.text) == ("chat", phrase("greeting", "de"))


async def test_a_model_writes_and_its_numbers_are_resolved(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say("Off [2], see [this](https://evil.example) [9]. Bye [1][2].")
    why = Why()
    _, done = await _steps(with_model, knowing, SOUND, why=why)
    assert done.text == "Off [1], see this. Bye [2][1]."
    assert [source.n for source in done.sources] == [1, 2]
    assert why.cited == [1, 0]
    assert (why.model, why.prompt_version, why.tokens_in) == ("scripted", prompt.VERSION, 100)


async def test_the_model_is_given_data_and_no_addresses(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    history = (Turn("user", "Hello, I have a widget"), Turn("assistant", "A fine one. [3]"))
    await _steps(with_model, knowing, SOUND, *history)
    body = model.requests[-1].body
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert "Northwind" in body["messages"][0]["content"]
    assert body["messages"][2]["content"] == "A fine one."
    asked = body["messages"][3]["content"]
    assert asked.startswith('<passages>\n<passage number="1"')
    assert asked.endswith(f"Question:\n{SOUND}")
    assert "https:" not in asked
    assert {tool["function"]["name"] for tool in body["tools"]} == {
        "hand_off",
        "cannot_answer",
        "ask_back",
        "decline",
    }


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


async def test_another_organisation_knows_nothing_of_it(
    context: Context, knowing: UUID, other_org_id: UUID
) -> None:
    _, done = await _steps(context, other_org_id, SOUND)
    assert done.outcome == "unknown"
