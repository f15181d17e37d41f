"""The messaging core against a model of it: posted, claimed, handed back, read and resumed, in any order."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.conversations import answers, messaging, queries, views
from app.conversations.models import Conversation
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from app.kit.errors import Conflict
from app.tenancy.members import SignedIn
from tests.factories import Talk, create_agent, create_talk, say

Result = TypeVar("Result")


class Machine(RuleBasedStateMachine):
    """`database`, `org_id`, `loop` and `agents` are set by the test: the tests' loop runs in another thread's stead."""

    database: Database
    org_id: UUID
    loop: asyncio.AbstractEventLoop
    agents: tuple[SignedIn, SignedIn]

    def __init__(self) -> None:
        super().__init__()
        self.talk: Talk = self.run(self._begin())
        self.status, self.owner = "bot", -1
        self.posted: dict[UUID, str] = {}
        self.read = {"visitor": 0, "staff": 0}
        self.client: dict[str, Any] = {}
        self.seq = 0
        self.open: answers.OpenAnswer | None = None

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def _begin(self) -> Talk:
        async with self.database.transaction(self.org_id) as session:
            return await create_talk(session)

    @rule(text=st.text("aß漢🙂 ", min_size=1, max_size=20).filter(str.strip))
    def visitor_writes(self, text: str) -> None:
        self._write(uuid4(), text)

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def visitor_s_message_arrives_again(self, data: st.DataObject) -> None:
        client_id = data.draw(st.sampled_from(sorted(self.posted)))
        self.run(self._say(client_id, "something else"))

    def _write(self, client_id: UUID, text: str) -> None:
        self.run(self._say(client_id, text))
        self.posted[client_id] = text.strip()
        if self.status == "resolved":
            self.status = "bot"

    async def _say(self, client_id: UUID, text: str) -> None:
        async with self.database.transaction(self.org_id) as session:
            await say(session, self.talk, text, client_id=client_id)

    @rule(who=st.integers(0, 1))
    def agent_claims(self, who: int) -> None:
        if self._as_agent(queue.claim, who, allowed=self.status != "human" or self.owner == who):
            self.status, self.owner = "human", who

    @rule(who=st.integers(0, 1))
    def agent_hands_back(self, who: int) -> None:
        allowed = self.status == "bot" or (self.status == "human" and self.owner == who)
        if self._as_agent(queue.hand_back, who, allowed=allowed):
            self.status = "bot"

    @rule(who=st.integers(0, 1))
    def agent_resolves(self, who: int) -> None:
        if self._as_agent(queue.resolve, who, allowed=self.status != "human" or self.owner == who):
            self.status = "resolved"

    def _as_agent(self, verb: Any, who: int, *, allowed: bool) -> bool:
        async def act() -> None:
            async with self.database.transaction(self.org_id) as session:
                await verb(session, self.talk.id, self.agents[who])

        return self._carried_out(act(), allowed=allowed)

    @rule(who=st.integers(0, 1))
    def agent_replies(self, who: int) -> None:
        client_id = uuid4()

        async def act() -> None:
            async with self.database.transaction(self.org_id) as session:
                await reply(session, self.talk.id, self.agents[who], client_id=client_id, text="Hello")

        if self._carried_out(act(), allowed=self.status == "human" and self.owner == who):
            self.posted[client_id] = "Hello"

    def _carried_out(self, work: Coroutine[Any, Any, None], *, allowed: bool) -> bool:
        if allowed:
            self.run(work)
        else:
            with pytest.raises(Conflict):
                self.run(work)
        return allowed

    @rule()
    def visitor_asks_for_a_person(self) -> None:
        async def act() -> None:
            async with self.database.transaction(self.org_id) as session:
                await queue.request(session, self.talk.id, reason="asked")

        self.run(act())
        if self.status in {"bot", "resolved"}:
            self.status = "waiting"

    @rule(side=st.sampled_from(["visitor", "staff"]), seq=st.integers(0, 40))
    def somebody_reads(self, side: str, seq: int) -> None:
        async def act() -> int:
            async with self.database.transaction(self.org_id) as session:
                head = (await messaging.get(session, self.talk.id)).last_seq
                await messaging.mark_read(session, self.talk.id, side=side, seq=seq)
                return head

        self.read[side] = max(self.read[side], min(seq, self.run(act())))

    @precondition(lambda self: self.posted)
    @rule()
    def bot_begins(self) -> None:
        async def act() -> answers.OpenAnswer | None:
            async with self.database.transaction(self.org_id) as session:
                said = (await session.scalars(queries.messages(session, self.talk.id))).all()
                asked = [message for message in said if message.author_kind == "visitor"]
                if not asked:
                    return None
                return await answers.begin_answer(session, self.talk.id, trigger_id=asked[-1].id)

        opened = self.run(act())
        assert opened is None or self.status == "bot"
        self.open = opened or self.open

    @precondition(lambda self: self.open)
    @rule(ends=st.booleans())
    def bot_writes(self, *, ends: bool) -> None:
        async def act() -> bool:
            assert self.open is not None
            async with self.database.transaction(self.org_id) as session:
                if not ends:
                    return await answers.checkpoint(session, self.open, "So far")
                return await answers.finish_answer(
                    session, self.open, text="So far so good", sources=[], outcome="answered"
                )

        wrote = self.run(act())
        assert not wrote or self.status == "bot", "the bot spoke over a person"
        if ends:
            self.open = None

    @rule()
    def client_resumes(self) -> None:
        """A client that has been away applies what it missed, and holds what the server does."""
        for event in self.run(self._events(self.seq)):
            assert event["seq"] == self.seq + 1
            self.seq = event["seq"]
            if event["kind"].startswith("message."):
                self.client[event["data"]["id"]] = event["data"]
        held = [message for message in self.client.values() if message["state"] != "streaming"]
        stored = {message["id"]: message for message in self.run(self._snapshot())["messages"]}
        assert len(stored) == len(self.client)
        assert all(stored[message["id"]] == message for message in held)

    async def _events(self, after: int) -> list[views.View]:
        async with self.database.transaction(self.org_id) as session:
            return await views.events_after(session, self.talk.id, after, 1000)

    async def _snapshot(self) -> views.View:
        async with self.database.transaction(self.org_id) as session:
            conversation: Conversation = await messaging.get(session, self.talk.id)
            return await views.snapshot(session, conversation, {})

    @invariant()
    def state_is_as_the_model_says(self) -> None:
        state = self.run(self._snapshot())
        assert state["status"] == self.status
        assert state["read"] == self.read
        said = {
            UUID(message["client_id"]): message["text"]
            for message in state["messages"]
            if message["author"]["kind"] in {"visitor", "agent"}
        }
        assert said == self.posted
        assert self.status == "bot" or all(message["state"] != "streaming" for message in state["messages"])


async def test_whatever_is_done_the_core_agrees_with_its_model(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        agents = await create_agent(session, "Maya Kaur"), await create_agent(session, "Ben Ode")
    loop = asyncio.get_running_loop()

    class OnThisDatabase(Machine):
        pass

    OnThisDatabase.database, OnThisDatabase.org_id = database, org_id
    OnThisDatabase.loop, OnThisDatabase.agents = loop, agents
    quick = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, OnThisDatabase, settings=quick)
