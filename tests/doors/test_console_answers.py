"""Why this answer: everything that it came from, for members alone."""

from uuid import UUID

from app.answering.record import keep
from app.answering.steps import Done, Why
from app.conversations.answers import begin_answer, finish_answer
from app.handoff import brief, queue
from app.kit.db import Database
from app.knowledge.evidence import Evidence
from app.knowledge.search import Query, search
from tests.doors.console import at_console
from tests.factories import create_talk, say
from tests.rooms.knowledge_factories import index_document
from tests.serving import RunningServer

QUESTION = "How long does a refund take?"


async def _answered(database: Database, org_id: UUID) -> tuple[UUID, UUID]:
    await index_document(database, org_id, "refunds.txt", b"A refund takes five days.")
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, QUESTION)
        opened = await begin_answer(session, talk.id, trigger_id=question.id)
        assert opened
        why = Why(
            passages=await search(session, Query(QUESTION)), cited=[0], model="m-1", tokens_in=7, tokens_out=3
        )
        why.search_query = {"text": QUESTION, "history": ["Do you ship to Norway?"]}
        why.evidence = Evidence(0.81, "english", {"meaning": 0.7, "wording": 0.6})
        why.prompt, why.cost_micros = [{"role": "system", "content": "You are the assistant."}], 1200
        why.prompt_version = "2026-9"
        why.mark("first_token")
        done = Done("Five days. [1]", "answered")
        await finish_answer(session, opened, text=done.text, sources=[], outcome=done.outcome)
        await keep(session, opened, why, done)
    return talk.id, opened.message_id


async def test_a_member_reads_why(server: RunningServer, database: Database, org_id: UUID) -> None:
    talk, message = await _answered(database, org_id)
    async with at_console(server, database, org_id) as member:
        assert "Why this answer" in await member.page(f"/console/conversations/{talk}")
        shown = await member.page(f"/console/answers/{message}")
    for said in (
        QUESTION,
        "Do you ship to Norway?",
        "m-1",
        "2026-9",
        "7 in, 3 out",
        "First word",
        "rank 1",
        "0.001200",
        "Evidence 0.81 , where 0.44 is needed",
        "refunds.txt",
        "cited as 1",
        "A refund takes five days.",
        "You are the assistant.",
    ):
        assert said in shown, said


async def test_who_takes_over_reads_the_models_summary_in_the_brief(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "My parasol broke.")
        await queue.request(session, talk.id, reason="asked for a person")
        handoff = await brief.latest(session, talk.id)
        assert handoff is not None
        await brief.add_summary(session, handoff.id, "A <b>parasol</b> broke; nothing was tried.")
    async with at_console(server, database, org_id) as member:
        html = (await member.client.get(f"/console/conversations/{talk.id}")).text
    assert "A &lt;b&gt;parasol&lt;/b&gt; broke; nothing was tried.</p>" in html


async def test_other_organisations_and_strangers_do_not(
    server: RunningServer, database: Database, org_id: UUID, other_org_id: UUID
) -> None:
    _, message = await _answered(database, org_id)
    async with at_console(server, database, other_org_id) as member:
        assert "Not found" in await member.page(f"/console/answers/{message}", 404)
    async with server.client() as client:
        assert (await client.get(f"/console/answers/{message}")).status_code == 303
