"""Messages that come quickly, or during an answer, get one answer: through the door, from a model that takes time."""

import asyncio
from typing import Any

from tests.answering.conftest import Caller
from tests.model_server import ModelServer

SAID = "Set the option on the script tag [1]. " * 3


def _asked(model: ModelServer) -> str:
    """The question of the last request."""
    content = model.requests[-1].body["messages"][-1]["content"]
    return str(content).rpartition("Question:\n")[2]


async def _growing(caller: Caller) -> None:
    """Waits until the visitor sees some of an answer."""
    async with asyncio.timeout(20):
        while not await caller.said():
            await asyncio.sleep(0.02)


def _visible(view: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["author"]["kind"], each["text"]) for each in view["messages"] if each["text"]]


async def test_three_quick_messages_get_one_answer(caller: Caller, model: ModelServer) -> None:
    model.say_slowly(SAID, 0.02)
    burst = ["How do I turn the sound off", "of the widget", "on my page?"]
    for text in burst:
        await caller.write(text)
        await asyncio.sleep(0.1)
    view = await caller.answered()
    assert _visible(view) == [*(("visitor", text) for text in burst), ("bot", SAID.strip())]
    assert _asked(model) == "\n".join(burst)


async def test_a_message_during_an_answer_restarts_it_with_both(caller: Caller, model: ModelServer) -> None:
    model.say_slowly("A first answer that goes on and on. " * 20, 0.05)
    model.say(SAID)
    await caller.write("How do I turn the sound off?")
    await _growing(caller)
    await caller.write("I mean the widget's sound.")
    view = await caller.answered()
    assert _visible(view) == [
        ("visitor", "How do I turn the sound off?"),
        ("visitor", "I mean the widget's sound."),
        ("bot", SAID.strip()),
    ]
    assert _asked(model) == "How do I turn the sound off?\nI mean the widget's sound."
    async with asyncio.timeout(5):
        while not model.hung_up:  # nobody generates for nobody
            await asyncio.sleep(0.02)


async def test_thanks_during_an_answer_do_not_lose_it(caller: Caller, model: ModelServer) -> None:
    model.say_slowly("A first answer that goes on and on. " * 20, 0.05)
    model.say(SAID)
    await caller.write("How do I turn the sound off?")
    await _growing(caller)
    await caller.write("Thanks!")
    assert (await caller.answered())["messages"][-1]["text"] == SAID.strip()
    assert _asked(model) == "How do I turn the sound off?"


async def test_a_question_after_an_answer_is_one_of_its_own(caller: Caller, model: ModelServer) -> None:
    model.say(SAID)
    await caller.write("How do I turn the sound off?")
    await caller.answered()
    await caller.write("Where is the shop in Lisbon, and when is it open?")
    view = await caller.answered(2)
    assert [kind for kind, _ in _visible(view)] == ["visitor", "bot", "visitor", "bot"]
    assert _asked(model) == "Where is the shop in Lisbon, and when is it open?"
