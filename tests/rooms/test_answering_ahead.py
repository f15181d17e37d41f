"""The search that begins before the question is stored: a hint that is used where it fits, and costs nothing else."""

import asyncio
from uuid import UUID

import pytest

from app.answering import searching
from app.answering.searching import Ahead, query_of
from app.answering.turn import Context, reply
from app.conversations import queries
from app.conversations.models import Message
from app.handoff import queue
from app.kit.db import Database
from app.kit.ids import new_id
from app.knowledge.documents import delete_document
from app.knowledge.embedders import Models
from app.visitors.sessions import KnownVisitor
from tests.factories import Talk, create_talk, say
from tests.rooms.conftest import GUIDE
from tests.rooms.knowledge_factories import index_document

QUESTION = "How do I turn the sound off?"


@pytest.fixture
def ahead(database: Database) -> Ahead:
    return Ahead(database, Models(), has_model=False)


async def _talk(database: Database, org_id: UUID) -> tuple[Talk, KnownVisitor]:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
    return talk, KnownVisitor(org_id, talk.visitor.id, talk.site)


async def _found(ahead: Ahead) -> None:
    """What was begun has ended."""
    await asyncio.wait(ahead._begun.values())


async def _answer(database: Database, talk: Talk, org_id: UUID) -> Message:
    async with database.transaction(org_id) as session:
        found = (await session.scalars(queries.messages(session, talk.id))).all()
    return found[-1]


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("searched")

    monkeypatch.setattr(searching, "find", broken)


async def test_an_answer_takes_what_was_found_while_its_question_came(
    database: Database, context: Context, knowing: UUID, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, visitor = await _talk(database, knowing)
    ahead.begin(visitor, talk.id, QUESTION)
    await _found(ahead)
    _break(monkeypatch)
    async with database.transaction(knowing) as session:
        question = await say(session, talk, QUESTION)
    await reply(Context(context.settings, database, context.drafts, ahead), knowing, talk.id, question.id)
    answer = await _answer(database, talk, knowing)
    assert (answer.state, answer.outcome) == ("complete", "answered")
    assert "data-sound" in answer.text


async def test_a_follow_up_is_looked_for_with_what_was_said_before(
    database: Database, context: Context, knowing: UUID, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, visitor = await _talk(database, knowing)
    answering = Context(context.settings, database, context.drafts, ahead)
    async with database.transaction(knowing) as session:
        question = await say(session, talk, QUESTION)
    await reply(answering, knowing, talk.id, question.id)
    ahead.begin(visitor, talk.id, "And on which tag do I set that?")
    await _found(ahead)
    _break(monkeypatch)
    async with database.transaction(knowing) as session:
        question = await say(session, talk, "And on which tag do I set that?")
    await reply(answering, knowing, talk.id, question.id)
    assert (await _answer(database, talk, knowing)).state == "complete"


async def test_what_does_not_fit_or_failed_is_searched_anew(
    database: Database, context: Context, knowing: UUID, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, visitor = await _talk(database, knowing)
    ahead.begin(visitor, talk.id, "When is the shop in Lisbon open?")
    assert await ahead.take(talk.id, query_of(QUESTION, (), written=False)) is None
    with monkeypatch.context() as patched:
        _break(patched)
        ahead.begin(visitor, talk.id, QUESTION)
        await _found(ahead)
    async with database.transaction(knowing) as session:
        question = await say(session, talk, QUESTION)
    await reply(Context(context.settings, database, context.drafts, ahead), knowing, talk.id, question.id)
    assert (await _answer(database, talk, knowing)).outcome == "answered"


async def test_nothing_is_looked_for_that_the_assistant_will_not_answer(
    database: Database, knowing: UUID, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(monkeypatch)
    talk, visitor = await _talk(database, knowing)
    other, stranger = await _talk(database, knowing)
    for who, conversation_id, text in (
        (visitor, talk.id, "Thank you!"),
        (visitor, talk.id, " "),  # files without a word
        (stranger, talk.id, QUESTION),
        (visitor, new_id(), QUESTION),
    ):
        assert await _taken(ahead, who, conversation_id, text) is None
    async with database.transaction(knowing) as session:
        await queue.request(session, other.id, reason="asked for a person")
    assert await _taken(ahead, stranger, other.id, QUESTION) is None


async def _taken(
    ahead: Ahead, who: KnownVisitor, conversation_id: UUID, text: str
) -> BaseException | searching.Looked | None:
    """What was found, or the trouble that looking for it met."""
    ahead.begin(who, conversation_id, text)
    task = ahead._begun[conversation_id]
    await _found(ahead)
    assert await ahead.take(conversation_id, query_of(text, (), written=False)) is None
    return task.exception() or task.result()


async def test_what_nobody_takes_is_forgotten_soon(
    database: Database, knowing: UUID, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "HELD_S", 0.05)
    talk, visitor = await _talk(database, knowing)
    ahead.begin(visitor, talk.id, QUESTION)
    await asyncio.sleep(0.3)
    assert await ahead.take(talk.id, query_of(QUESTION, (), written=False)) is None


async def test_nobody_is_told_of_what_was_deleted_before_they_asked(
    database: Database, org_id: UUID, ahead: Ahead
) -> None:
    """An earlier look at the same question does not stand for a later one."""
    document = await index_document(database, org_id, "guide.md", GUIDE)
    talk, visitor = await _talk(database, org_id)
    ahead.begin(visitor, talk.id, QUESTION)
    await _found(ahead)
    async with database.transaction(org_id) as session:
        await delete_document(session, document.id)
    ahead.begin(visitor, talk.id, QUESTION)
    looked = await ahead.take(talk.id, query_of(QUESTION, (), written=False))
    assert looked is not None
    assert looked.passages == []


async def test_only_a_few_are_looked_for_at_a_time(database: Database, knowing: UUID, ahead: Ahead) -> None:
    talks = [await _talk(database, knowing) for _ in range(searching.MOST_HELD + 1)]
    for talk, visitor in talks:
        ahead.begin(visitor, talk.id, QUESTION)
    taken = [await ahead.take(talk.id, query_of(QUESTION, (), written=False)) for talk, _ in talks]
    assert [looked is not None for looked in taken] == [True] * searching.MOST_HELD + [False]
