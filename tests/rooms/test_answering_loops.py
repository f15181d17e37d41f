"""Two programs that answer each other are stopped; a person who writes much, fast or in anger is not."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.answering.loops import ENDLESS, looping
from app.answering.phrases import phrase
from app.answering.turn import Context, reply
from app.conversations import messaging
from app.conversations.asked import Said
from app.handoff import queue
from tests.factories import create_agent, create_talk, say

BEGAN = datetime(2026, 11, 21, 9, tzinfo=UTC)
# Somebody in a hurry: seconds between one message and the next.
PERSON = [3.1, 14.0, 8.2, 2.4, 31.0, 5.5, 9.9, 4.1, 17.3, 6.0, 12.2, 3.3, 7.7, 22.1, 2.9, 5.0]


def _written(texts: Sequence[str], pauses: Iterator[float]) -> list[Said]:
    said, at = [], BEGAN
    for text in texts:
        said += [Said("visitor", text, at), Said("bot", "An answer.", at + timedelta(seconds=1))]
        at += timedelta(seconds=next(pauses))
    return said[:-1]


def _different(count: int) -> list[str]:
    return [f"Question number {number} about something else" for number in range(count)]


@pytest.mark.parametrize(
    ("texts", "pauses", "why"),
    [
        (["Thank you for your message!"] * 4, PERSON, "again and again"),
        (
            ["Hi", *["Out of office until Monday"] * 3, "hm", "out of  OFFICE until Monday"],
            PERSON,
            "again and again",
        ),
        (_different(11), [2.0] * 20, "regularly"),
        (_different(11), [4.0, 4.1, 4.2, 3.9] * 5, "regularly"),
        (_different(ENDLESS + 1), [1.0, 15.0, 9.0] * 30, "did not stop"),
    ],
)
def test_a_program_is_recognised(texts: list[str], pauses: list[float], why: str) -> None:
    assert why in (looping(_written(texts, iter(pauses))) or "")


@pytest.mark.parametrize(
    ("texts", "pauses"),
    [
        (["Hello?", "Hello?", "Hello?", "Is anybody there?"], [2.0] * 4),
        (["Where is it?", "no", "Where is it?", "That's not it", "Where is it?"], PERSON),
        (_different(16), PERSON),
        (_different(6), [5.0] * 6),
        (_different(ENDLESS + 20), [11.0, 14.0, 6.0, 25.0] * 30),
        (_different(11), [60.0] * 11),
        ([], []),
    ],
)
def test_a_person_is_not_taken_for_one(texts: list[str], pauses: list[float]) -> None:
    assert looping(_written(texts, iter(pauses))) is None


def test_typing_people_do_not_keep_a_machines_rhythm() -> None:
    hands = random.Random(7)  # noqa: S311  # guards nothing
    for _ in range(2000):
        pauses = (hands.lognormvariate(1.8, 0.5) for _ in range(40))
        assert looping(_written(_different(40), pauses)) is None


async def test_the_assistant_falls_silent_and_a_person_may_hand_back(context: Context, knowing: UUID) -> None:
    database = context.database
    async with database.transaction(knowing) as session:
        talk = await create_talk(session)
        agent = await create_agent(session)

    async def echo(text: str) -> str:
        async with database.transaction(knowing) as session:
            question = await say(session, talk, text)
        await reply(context, knowing, talk.id, question.id)
        async with database.transaction(knowing) as session:
            return (await messaging.get(session, talk.id)).preview

    said = [await echo("How do I turn the sound off?") for _ in range(6)]
    assert [phrase("loop", "en")[:40] in text for text in said] == [False] * 3 + [True] + [False] * 2
    assert said[4:] == ["How do I turn the sound off?"] * 2, "it went on"
    async with database.transaction(knowing) as session:
        conversation = await messaging.get(session, talk.id)
        assert (conversation.status, conversation.waiting_reason) == (
            "waiting",
            "The same message came again and again.",
        )
        await queue.claim(session, talk.id, agent)
        await queue.hand_back(session, talk.id, agent)
    assert "data-sound" in await echo("How do I turn the sound off?")
