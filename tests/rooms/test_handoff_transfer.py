"""A conversation passed on, put back, and returned to the queue because its agent has gone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text, update

from app.conversations import answers, messaging, views
from app.handoff import absence, queue
from app.handoff.replies import reply
from app.kit.clock import now
from app.kit.db import Database
from app.kit.errors import Problem
from app.tenancy.members import MemberDisabled, MemberUnknown, SignedIn, seen
from app.tenancy.models import Member
from tests.factories import Talk, create_agent, create_talk, say

PATIENCE = timedelta(minutes=5)


@pytest.fixture
async def agents(database: Database, org_id: UUID) -> list[SignedIn]:
    async with database.transaction(org_id) as session:
        return [await create_agent(session, name) for name in ("Maya", "Jonas", "Ada")]


@pytest.fixture
async def talk(database: Database, org_id: UUID, agents: list[SignedIn]) -> Talk:
    """Maya's, and the visitor waits for her reply."""
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.request(session, talk.id, reason="asked for a person")
        await queue.claim(session, talk.id, agents[0])
    return talk


async def notices(database: Database, talk: Talk) -> list[dict[str, object]]:
    async with database.transaction(talk.visitor.org_id) as session:
        view = await views.snapshot(session, await messaging.get(session, talk.id), {})
    return [message["notice"] for message in view["messages"] if message["notice"]]


async def test_a_conversation_is_passed_on_and_the_next_one_answers(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, _ = agents
    async with database.transaction(org_id) as session:
        before = (await messaging.get(session, talk.id)).ownership_epoch
        conversation = await queue.transfer(session, talk.id, maya, jonas.id)
        assert (conversation.status, conversation.assignee_id) == ("human", jonas.id)
        assert conversation.ownership_epoch == before + 1
        with pytest.raises(queue.NotYours, match="Jonas has this conversation"):
            await reply(session, talk.id, maya, client_id=uuid4(), text="Hello")
        await reply(session, talk.id, jonas, client_id=uuid4(), text="Hello")
    assert (await notices(database, talk))[-1] == {"kind": "transferred", "name": "Jonas", "by": "Maya"}


async def test_only_who_has_it_passes_it_on_and_only_to_somebody_who_works_here(
    database: Database, org_id: UUID, other_org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, ada = agents
    async with database.transaction(other_org_id) as session:
        stranger = await create_agent(session)
    async with database.transaction(org_id) as session:
        await session.execute(update(Member).where(Member.id == ada.id).values(disabled_at=now()))
    refused: list[tuple[SignedIn, UUID, type[Problem], str]] = [
        (jonas, maya.id, queue.NotYours, "Maya has this conversation"),
        (maya, ada.id, MemberDisabled, "Ada's account is disabled. Choose somebody else."),
        (maya, stranger.id, MemberUnknown, "no such member"),
        (maya, uuid4(), MemberUnknown, "no such member"),
    ]
    for member, to, problem, says in refused:
        async with database.transaction(org_id) as session:
            with pytest.raises(problem, match=says):
                await queue.transfer(session, talk.id, member, to)
    async with database.transaction(org_id) as session:
        epoch = (await messaging.get(session, talk.id)).ownership_epoch
        assert (await queue.transfer(session, talk.id, maya, maya.id)).ownership_epoch == epoch
    assert [notice["kind"] for notice in await notices(database, talk)] == ["handoff_requested", "claimed"]


async def test_a_conversation_that_is_put_back_waits_for_anybody(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, _ = agents
    async with database.transaction(org_id) as session:
        with pytest.raises(queue.NotYours):
            await queue.put_back(session, talk.id, jonas)
        conversation = await queue.put_back(session, talk.id, maya)
        assert (conversation.status, conversation.assignee_id) == ("waiting", None)
        assert conversation.waiting_since is not None
        assert conversation.waiting_reason == "put back by Maya"
        seq = conversation.last_seq
        assert (await queue.put_back(session, talk.id, maya)).last_seq == seq, "twice is once"
        assert (await queue.claim(session, talk.id, jonas)).assignee_id == jonas.id


async def test_of_a_transfer_and_a_claim_at_once_one_wins_and_nothing_is_torn(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, ada = agents

    async def attempt(verb: Callable[..., Awaitable[object]], *arguments: object) -> str:
        try:
            async with database.transaction(org_id) as session:
                await verb(session, talk.id, *arguments)
        except Problem as problem:
            return problem.detail
        return "done"

    said = await asyncio.gather(
        attempt(queue.transfer, maya, jonas.id),
        attempt(queue.put_back, maya),
        attempt(queue.claim, ada),
        attempt(queue.transfer, maya, ada.id),
    )
    async with database.transaction(org_id) as session:
        conversation = await messaging.get(session, talk.id)
    kinds = [notice["kind"] for notice in await notices(database, talk)]
    changes = [kind for kind in kinds if kind != "handoff_requested"]
    assert conversation.ownership_epoch == len(kinds)
    # Who has the conversation already, by the transfer, claims it without a change.
    repeated = said[2] == "done" and kinds.count("claimed") == 1
    assert said.count("done") == len(changes) - 1 + repeated, (said, kinds)
    refusals = ("has taken this conversation already", "has this conversation", "Take the conversation over")
    assert all(what == "done" or any(part in what for part in refusals) for what in said)
    assert (conversation.status == "human") == (conversation.assignee_id is not None)


async def test_an_answer_that_was_being_written_ends_with_each_change(
    database: Database, org_id: UUID, agents: list[SignedIn]
) -> None:
    maya, jonas, _ = agents
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, "Where?")
        answer = await answers.begin_answer(session, talk.id, trigger_id=question.id)
        assert answer
        await queue.claim(session, talk.id, maya)
        await queue.transfer(session, talk.id, maya, jonas.id)
        await queue.put_back(session, talk.id, jonas)
        assert not await answers.finish_answer(session, answer, text="Here", sources=[], outcome="answered")


# --- the agent has gone ---


async def looks(database: Database, talk: Talk) -> list[dict[str, str]]:
    """The looks at this conversation that are still to come."""
    async with database.transaction(talk.visitor.org_id) as session:
        jobs = await session.scalars(
            text("SELECT payload FROM pgqueuer WHERE entrypoint = :job ORDER BY id"), {"job": absence.JOB}
        )
        found = [msgspec.json.decode(payload, type=dict[str, str]) for payload in jobs.all()]
    return [payload for payload in found if payload.pop("org") and payload["conversation"] == str(talk.id)]


async def look(database: Database, talk: Talk, payload: dict[str, str] | None = None) -> None:
    async with database.transaction(talk.visitor.org_id) as session:
        await absence.look(session, payload or (await looks(database, talk))[0], patience=PATIENCE)


async def gone_for(database: Database, talk: Talk, agent: SignedIn, away: timedelta) -> None:
    """The agent was last seen so long ago, and took the conversation before."""
    async with database.transaction(talk.visitor.org_id) as session:
        mine = update(Member).where(Member.id == agent.id)
        await session.execute(mine.values(last_seen_at=now() - away))
        await session.execute(
            text(
                "UPDATE message SET created_at = created_at - interval '1 hour' WHERE conversation_id = :id"
            ),
            {"id": talk.id},
        )


async def status(database: Database, talk: Talk) -> str:
    async with database.transaction(talk.visitor.org_id) as session:
        return (await messaging.get(session, talk.id)).status


async def test_whose_agent_has_gone_goes_back_to_the_queue_once(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya = agents[0]
    await gone_for(database, talk, maya, timedelta(minutes=6))
    (payload,) = await looks(database, talk)
    await asyncio.gather(*(look(database, talk, payload) for _ in range(4)))
    assert await status(database, talk) == "waiting"
    kinds = await notices(database, talk)
    assert kinds[-1] == {"kind": "returned_to_queue", "name": "Maya", "away": True}
    assert [notice["kind"] for notice in kinds].count("returned_to_queue") == 1
    async with database.transaction(org_id) as session:
        conversation = await messaging.get(session, talk.id)
        assert (conversation.assignee_id, conversation.waiting_reason) == (None, "Maya was away")
        with pytest.raises(queue.NotYours):
            await reply(session, talk.id, maya, client_id=uuid4(), text="I am back")


async def test_who_comes_back_is_told_until_somebody_has_it(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, _ = agents
    await gone_for(database, talk, maya, timedelta(minutes=6))
    await look(database, talk)
    async with database.transaction(org_id) as session:
        assert [one.id for one in await absence.returned_from(session, maya.id)] == [talk.id]
        assert await absence.returned_from(session, jonas.id) == []
        await queue.claim(session, talk.id, jonas)
        assert await absence.returned_from(session, maya.id) == []
        await queue.put_back(session, talk.id, jonas)
        assert await absence.returned_from(session, maya.id) == [], "that was Jonas"


async def test_whose_agent_is_there_stays_and_is_looked_at_again(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    await gone_for(database, talk, agents[0], timedelta(minutes=4))
    first = await looks(database, talk)
    await look(database, talk)
    assert await status(database, talk) == "human"
    assert len(await looks(database, talk)) == len(first) + 1, "one more, for later"
    await look(database, talk, first[0])
    assert len(await looks(database, talk)) == len(first) + 1, "the same look twice is one"


async def test_a_visitor_who_has_their_reply_waits_for_nobody(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya = agents[0]
    async with database.transaction(org_id) as session:
        await reply(session, talk.id, maya, client_id=uuid4(), text="It arrives today.")
    await gone_for(database, talk, maya, timedelta(hours=6))
    await look(database, talk)
    assert await status(database, talk) == "human"
    async with database.transaction(org_id) as session:
        await say(session, talk, "It has not come.")
        await say(session, talk, "Are you there?")
    second = (await looks(database, talk))[-1]
    assert len(await looks(database, talk)) == 2, "of two messages the first begins the wait"
    await look(database, talk, second)
    assert await status(database, talk) == "waiting"


async def test_somebody_to_whom_it_was_passed_on_has_time_to_come(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    maya, jonas, _ = agents
    stale = (await looks(database, talk))[0]
    await gone_for(database, talk, jonas, timedelta(days=3))
    async with database.transaction(org_id) as session:
        await queue.transfer(session, talk.id, maya, jonas.id)
    await gone_for(database, talk, maya, timedelta(days=3))
    await look(database, talk, stale)
    assert await status(database, talk) == "human", "what was looked after was Maya"
    async with database.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE message SET created_at = now() - interval '4 minutes' WHERE notice->>'kind' = 'transferred'"
            )
        )
    newest = (await looks(database, talk))[-1]
    await look(database, talk, newest)
    assert await status(database, talk) == "human"
    await gone_for(database, talk, jonas, timedelta(days=3))
    await look(database, talk, newest)
    assert await status(database, talk) == "waiting"


async def test_who_has_the_console_open_is_there(
    database: Database, org_id: UUID, talk: Talk, agents: list[SignedIn]
) -> None:
    await gone_for(database, talk, agents[0], timedelta(hours=1))
    async with database.transaction(org_id) as session:
        await seen(session, agents[0].id)
    await look(database, talk)
    assert await status(database, talk) == "human"
