"""What the person who takes over is told, by itself, once a person is wanted."""

import json
from uuid import UUID

from sqlalchemy import text

from app.handoff import queue
from app.handoff.brief import SUMMARY_JOB, kept
from app.kit.db import Database
from app.visitors.sessions import leave_contact
from tests.factories import create_talk, say

WAITING = "SELECT convert_from(payload, 'UTF8') FROM pgqueuer WHERE entrypoint = :job"


async def test_whoever_asks_for_a_person_has_it_summed_up_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk, other = await create_talk(session), await create_talk(session)
        for each in (talk, other):
            await say(session, each, "My parasol broke.")
        for _ in range(2):
            await queue.request(session, talk.id, reason="asked for a person")
    async with database.transaction(org_id) as session:
        waiting = [json.loads(each) for each in await session.scalars(text(WAITING), {"job": SUMMARY_JOB})]
    told = json.dumps(waiting)
    assert told.count(str(talk.id)) == 1
    assert str(other.id) not in told


async def test_the_brief_says_how_to_reach_the_visitor(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "My parasol broke.")
        await leave_contact(session, talk.visitor.id, email="ann@example.org", name="Ann Larch")
    async with database.transaction(org_id) as session:
        conversation = await queue.request(session, talk.id, reason="asked for a person")
        [handoff] = await kept(session, conversation)
    assert handoff.brief["contact"] == "ann@example.org"
