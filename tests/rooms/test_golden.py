"""Golden questions: kept, read from files, asked again, judged and compared; and asked by themselves after a change."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.assistant import set_assistant
from app.answering.steps import Done, Source
from app.answering.turn import Context
from app.config import Settings
from app.kit.db import Database, scope
from app.kit.errors import Problem
from app.knowledge.documents import delete_document
from app.knowledge.models import Document
from app.quality import looking, watching
from app.quality.comparing import Report, RunUnknown, latest, report, runs
from app.quality.judging import Cited, faults
from app.quality.models import GoldenQuestion
from app.quality.questions import (
    Draft,
    QuestionKnown,
    QuestionUnfit,
    QuestionUnknown,
    add,
    change,
    questions,
    remove,
    take_in,
)
from app.quality.replay import begin, begin_job, carry_out, desk_of
from app.quality.table import as_table, read_questions
from app.worker import all_jobs
from tests.model_server import ModelServer
from tests.rooms.conftest import SHOP
from tests.rooms.knowledge_factories import index_document

LOOKS = "SELECT convert_from(payload, 'UTF8') FROM pgqueuer WHERE entrypoint = :name"


async def know(database: Database, org_id: UUID, name: str, content: bytes) -> None:
    """The document of this name is this, from now on."""
    async with database.transaction(org_id) as session:
        for document in await session.scalars(select(Document).where(Document.org_id == org_id)):
            if document.name == name and not document.deleted_at:
                await delete_document(session, document.id)
    await index_document(database, org_id, name, content)


async def waiting(session: AsyncSession, name: str) -> list[dict[str, str]]:
    """What the jobs of this name are told, of this organisation's."""
    found = [
        msgspec.json.decode(each, type=dict[str, str])
        for each in await session.scalars(text(LOOKS), {"name": name})
    ]
    return [job for job in found if job["org"] == str(scope(session))]


RETURNS = Draft("How long can I return a parasol?", "shop", ["30 days"], ["60 days"])


async def put(database: Database, org_id: UUID, *drafts: Draft) -> None:
    async with database.transaction(org_id) as session:
        await take_in(session, drafts)


async def asked_again(context: Context, org_id: UUID, *causes: str) -> Report:
    desk = await desk_of(context.database, context.settings, org_id, context.model, context.models)
    async with context.database.transaction(org_id) as session:
        run = await begin(session, context.settings, *causes)
    await carry_out(desk, run.id)
    async with context.database.transaction(org_id) as session:
        return await report(session, run.id)


async def test_what_got_worse_and_better_is_told_by_the_run_before(context: Context, org_id: UUID) -> None:
    database = context.database
    await know(database, org_id, "shop.md", SHOP)
    await put(database, org_id, RETURNS, Draft("What does the moon weigh?", declined=True))
    first = await asked_again(context, org_id, "button")
    assert (first.passed, first.against, {result.change for result in first.results}) == (2, None, {"new"})
    assert first.results[0].now.sources
    await know(database, org_id, "shop.md", SHOP.replace(b"30 days", b"14 days"))
    second = await asked_again(context, org_id)
    assert second.against is not None
    assert [(one.change, one.now.faults) for one in second.results] == [
        ("worse", ["Does not say “30 days”."]),
        ("same", []),
    ]
    await know(database, org_id, "shop.md", SHOP)
    third = await asked_again(context, org_id)
    assert (third.changed("better"), third.changed("worse"), third.passed) == (1, 0, 2)
    async with database.transaction(org_id) as session:
        assert [passed for _, passed in await runs(session)] == [2, 1, 2]


async def test_a_model_that_fails_or_says_the_wrong_thing_is_told_of(
    with_model: Context, model: ModelServer, org_id: UUID
) -> None:
    await know(with_model.database, org_id, "shop.md", SHOP)
    await put(with_model.database, org_id, RETURNS)
    model.say("Within 60 days [1].")
    made = await asked_again(with_model, org_id)
    assert made.results[0].now.faults == ["Does not say “30 days”.", "Says “60 days”."]
    assert made.run.made_of["model"] == "scripted"


async def test_a_run_that_its_worker_left_is_gone_on_with(context: Context, org_id: UUID) -> None:
    await know(context.database, org_id, "shop.md", SHOP)
    await put(
        context.database, org_id, RETURNS, replace(RETURNS, question="When is the shop in Lisbon open?")
    )
    made = await asked_again(context, org_id)
    desk = await desk_of(context.database, context.settings, org_id, None, context.models)
    await carry_out(desk, made.run.id)
    async with context.database.transaction(org_id) as session:
        again = await report(session, made.run.id)
    assert [one.now.question for one in again.results] == [one.now.question for one in made.results]


async def test_they_are_asked_by_themselves_when_model_prompt_or_knowledge_changed(
    context: Context, with_model: Context, org_id: UUID
) -> None:
    database = context.database
    async with database.transaction(org_id) as session:
        assert await watching.look(session, context.settings) is None
        assert not await waiting(session, looking.JOB)
    await know(database, org_id, "shop.md", SHOP)
    await put(database, org_id, RETURNS)

    async def looked(by: Context) -> Sequence[str] | None:
        async with database.transaction(org_id) as session:
            run = await watching.look(session, by.settings)
            return None if run is None else sorted(run.causes)

    assert await looked(context) == ["knowledge", "model", "prompt"]
    assert await looked(with_model) is None, "one run at a time"
    await end_latest(database, org_id)
    assert await looked(context) is None
    assert await looked(with_model) == ["model"]
    await end_latest(database, org_id)
    async with database.transaction(org_id) as session:
        await set_assistant(session, None, by=None, instructions="Be brief.", model="other")
    assert await looked(with_model) == ["model", "prompt"]
    await end_latest(database, org_id)
    await know(database, org_id, "more.md", b"# More\n\nThe shop in Porto is closed.")
    assert await looked(with_model) == ["knowledge"]


async def end_latest(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        run = await latest(session)
        assert run is not None
        run.state = "done"


async def test_looks_follow_one_another_once_and_lead_to_a_run(context: Context, org_id: UUID) -> None:
    await put(context.database, org_id, RETURNS)
    async with context.database.transaction(org_id) as session:
        await looking.look_later(session)
        await looking.look_later(session)
        assert len(await waiting(session, looking.JOB)) == 1
    jobs = all_jobs()
    await jobs.kinds[looking.JOB].handler(context, org_id, {})
    async with context.database.transaction(org_id) as session:
        [job] = await waiting(session, "quality.replay")
    await jobs.kinds["quality.replay"].handler(context, org_id, {"run": job["run"]})
    async with context.database.transaction(org_id) as session:
        run = await latest(session)
        assert run is not None
        assert run.state == "done"
        broken = await begin_job(session, context.settings)
    gave_up = jobs.kinds["quality.replay"].gave_up
    assert gave_up is not None
    await gave_up(context, org_id, {"run": str(broken.id)}, RuntimeError("given up"))
    async with context.database.transaction(org_id) as session:
        made = await report(session, broken.id)
        assert made.run.state == "broken"


async def test_questions_are_changed_and_removed_and_those_of_others_are_unknown(
    database: Database, org_id: UUID, other_org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        known = await add(session, RETURNS)
        other = await add(session, Draft("Where are you?"))
        with pytest.raises(QuestionKnown):
            await change(session, other, replace(RETURNS, question=RETURNS.question.upper()))
        await change(session, known, replace(RETURNS, must_say=[" 30  days ", "", "30 days"]))
        assert (await questions(session))[0].must_say == ["30 days"]
    async with database.transaction(other_org_id) as session:
        assert not await questions(session)
        for deed in (remove(session, known), change(session, known, Draft("Mine now?"))):
            with pytest.raises(QuestionUnknown):
                await deed
        with pytest.raises(QuestionUnfit, match="no golden questions yet"):
            await begin(session, Settings())
        with pytest.raises(RunUnknown):
            await report(session, known)
    async with database.transaction(org_id) as session:
        await remove(session, known)
        assert [one.question for one in await questions(session)] == ["Where are you?"]


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("  ?! "), "Write the question"),
        (Draft("x" * 501), "at most 500 characters"),
        (Draft("Why?", must_say=["x" * 201]), "at most 200 characters"),
        (Draft("Why?", must_say=[f"phrase {number}" for number in range(21)]), "at most 20 phrases"),
        (Draft("Why?", "terms.pdf", declined=True), "declined has no source"),
    ],
)
def test_what_is_no_golden_question_is_refused(draft: Draft, said: str) -> None:
    with pytest.raises(QuestionUnfit, match=said):
        draft.checked()


def test_files_are_read_as_tables_and_as_json() -> None:
    table = b"Question;source;must_say;declined\nHow long?;terms;30 days|thirty;\n;;;\nWho won?;;;yes\n"
    long, won = read_questions(table)
    assert (long.source, list(long.must_say), long.declined) == ("terms", ["30 days", "thirty"], False)
    assert won.declined
    both = read_questions(b'[{"question": "How long?", "must_not_say": ["never"]}, {"question": "Who?"}]')
    assert [draft.question for draft in both] == ["How long?", "Who?"]
    made = GoldenQuestion(question="A, b?", source=None, must_say=["x", "y"], must_not_say=[], declined=False)
    [back] = read_questions(as_table([made]).encode())
    assert (back.question, list(back.must_say), back.source) == ("A, b?", ["x", "y"], "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line names the columns"),
        (b"question,colour\nWhy?,red\n", "first line names the columns"),
        (b'[{"question": 3}]', "Expected `str`"),
        (b'[{"frage": "Wie?"}]', "unknown field"),
        (b"question\n" + b"Why?\n" * 501, "at most 500 questions"),
    ],
)
def test_files_that_cannot_be_used_say_why(content: bytes, said: str) -> None:
    with pytest.raises(Problem) as refused:
        read_questions(content)
    assert said in refused.value.detail


async def test_of_a_file_all_is_taken_or_nothing(database: Database, org_id: UUID) -> None:
    with pytest.raises(QuestionUnfit, match="Question 2: Write the question"):
        await put(database, org_id, RETURNS, Draft(""))
    async with database.transaction(org_id) as session:
        assert not await questions(session)


CITED = [Cited(("Terms of sale", "terms-2026.pdf", "https://shop.example/terms"))]


@pytest.mark.parametrize(
    ("golden", "text", "outcome", "wrong"),
    [
        ({"source": "TERMS-2026"}, "Thirty days [1].", "answered", []),
        ({"source": "faq"}, "Yes [1].", "answered", ["Does not cite faq; it cites Terms of sale."]),
        ({"must_say": ["3"]}, "It takes 30 days [3].", "answered", ["Does not say “3”."]),
        ({"must_say": ["30 days"]}, "It takes **30**\ndays [1].", "answered", []),
        ({"must_say": ["退货"]}, "可以退货吗", "answered", []),
        ({"must_not_say": ["free"]}, "Returns are Free [1].", "answered", ["Says “free”."]),
        ({"must_not_say": ["free"]}, "Freedom [1].", "answered", []),
        ({}, "I don't know.", "unknown", ["Declined, and should have been answered."]),
        ({"declined": True}, "I don't know.", "unknown", []),
        ({"declined": True}, "Ten [1].", "answered", ["Answered, and should have been declined."]),
    ],
)
def test_answers_are_judged(golden: dict[str, object], text: str, outcome: str, wrong: list[str]) -> None:
    question = GoldenQuestion(
        **{"question": "Why?", "must_say": [], "must_not_say": [], "declined": False, "source": None} | golden
    )
    source = Source(1, "Terms of sale", None, None, "Thirty days.")
    done = Done(text, outcome, sources=(source,))  # type: ignore[arg-type]
    assert faults(question, done, CITED, None) == wrong


def test_an_answer_that_broke_off_is_wrong() -> None:
    question = GoldenQuestion(question="Why?", must_say=[], must_not_say=[], declined=False)
    done = Done("Half of", None, "interrupted")
    assert faults(question, done, [], "The endpoint hung.") == ["The answer broke off. The endpoint hung."]
