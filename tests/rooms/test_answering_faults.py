"""Whatever the model endpoint does, the visitor's answer ends in a defined state within the deadline."""

import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from app.answering.turn import Context, reply
from app.conversations import messaging, views
from tests.factories import create_talk, say
from tests.model_server import Act, ModelServer
from tests.rooms.knowledge_factories import FILLER, index_document

SOUND = "How do I turn the sound off?"
QUOTED = "To turn the sound off"
DEADLINE_S = 2.0

# name -> (what the endpoint does, the state in which the answer ends, how its text begins)
FAULTS: dict[str, tuple[Act, str, str]] = {
    "401": (Act(status=401), "complete", QUOTED),
    "429 with Retry-After": (Act(status=429, retry_after="0.2"), "complete", QUOTED),
    "429 with a long Retry-After": (Act(status=429, retry_after="60"), "complete", QUOTED),
    "500": (Act(status=500), "complete", QUOTED),
    "hang before headers": (Act(silent=True, end="hang"), "complete", QUOTED),
    "hang mid-stream": (Act(text="One two three", after=2, end="hang"), "interrupted", "One two"),
    "slow drip": (Act(text="word " * 200, pause_s=0.1), "interrupted", "word word"),
    "clean cut without finish_reason": (
        Act(text="One two three", after=2, end="cut"),
        "interrupted",
        "One two",
    ),
    "cut before the first word": (Act(after=0, end="cut"), "complete", QUOTED),
    "reset": (Act(text="One two three", after=2, end="reset"), "interrupted", "One two"),
    "error event": (Act(text="One two three", after=2, end="error"), "interrupted", "One two"),
    "bad JSON": (Act(text="One two three", after=2, end="garbage"), "interrupted", "One two"),
    "length": (Act(text="One two three", reason="length"), "complete", "One two three …"),
    "content filter": (Act(text="One two", reason="content_filter"), "interrupted", "One two"),
    "content filter at once": (Act(reason="content_filter"), "complete", QUOTED),
    "context too long": (Act(status=400, message="maximum context length is 99 tokens"), "complete", QUOTED),
    "nothing at all": (Act(), "complete", QUOTED),
}


@pytest.fixture
async def hasty(with_model: Context) -> AsyncIterator[Context]:
    settings = msgspec.structs.replace(with_model.settings, answer_deadline_s=DEADLINE_S)
    context = replace(with_model, settings=settings)
    yield context
    await context.close()


async def _ended(context: Context, org_id: UUID) -> views.View:
    async with context.database.transaction(org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, SOUND)
    started = time.monotonic()
    await reply(context, org_id, talk.id, question.id)
    assert (
        time.monotonic() - started < DEADLINE_S + 2.5
    )  # searching and storing on a machine with much else to do
    async with context.database.transaction(org_id) as session:
        view = await views.snapshot(session, await messaging.get(session, talk.id), {})
    return dict(view["messages"][-1])


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_ends_the_answer(
    hasty: Context, knowing: UUID, model: ModelServer, fault: str
) -> None:
    act, state, begins = FAULTS[fault]
    model._add(act)
    said = await _ended(hasty, knowing)
    assert said["state"] == state
    assert said["text"].startswith(begins)
    assert (said["outcome"] is None) == (state == "interrupted")


async def test_refused(with_model: Context, knowing: UUID) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        settings = msgspec.structs.replace(with_model.settings, openai_base_url=nowhere)
        context = replace(with_model, settings=settings)
        said = await _ended(context, knowing)
        await context.close()
    assert (said["state"], said["text"][: len(QUOTED)]) == ("complete", QUOTED)


def _long() -> bytes:
    """More about the sound than one prompt takes, in sections of the length of a passage."""
    places = ("desk", "hall", "garden", "kitchen", "cellar", "attic", "office", "shop", "library", "museum")
    return b"\n\n".join(
        f"# The sound of the {place}\n\nTo turn the sound off, press the button of the {place}.".encode()
        + FILLER
        for place in places
    )


async def test_a_prompt_that_is_too_long_is_sent_shorter(
    with_model: Context, org_id: UUID, model: ModelServer
) -> None:
    await index_document(with_model.database, org_id, "sounds.md", _long())
    for _ in range(2):
        model.fail(400, message="This model's maximum context length is 4096 tokens.")
    model.say("It fits [1].")
    said = await _ended(with_model, org_id)
    assert (said["state"], said["text"]) == ("complete", "It fits [1].")
    sent = [str(request.body["messages"][-1]["content"]) for request in model.requests]
    assert len(sent[0]) > 1.5 * len(sent[1])
    assert len(sent[1]) > 1.5 * len(sent[2])
    assert all(each.endswith(SOUND) for each in sent)


async def test_a_statement_that_a_content_filter_has_cut_is_not_judged(
    hasty: Context, knowing: UUID, model: ModelServer
) -> None:
    model.finish_with("content_filter", "It costs 9914 euros and 77")
    assert (await _ended(hasty, knowing))["text"] == "It costs 9914 euros and 77"
