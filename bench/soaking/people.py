"""Who uses the service: the town that all share, and visitors with their outbox, each with dice of their own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from uuid import UUID

import httpx

from bench.soaking.client import Follower, Passing, Refused, call
from bench.soaking.judge import Ack, Change

Result = TypeVar("Result")

QUESTIONS = (
    "How do I connect a language model?",
    "How do I put the widget on my page?",
    "Where does the embedded database keep its data?",
    "How do I back up the database?",
    "What does a worker do?",
)
# How many messages are typed before the eyes of the other side.
TYPES = 0.4
# Seconds between what a visitor does and does next.
ACTS_EVERY_S = (4.0, 14.0)


@dataclass
class Town:
    """What everybody knows: the way in, who talks where, and what was acknowledged. Agents look after the `attended`
    conversations. `unsent` messages wait in outboxes, and so many people are `acting`: who is cut off then may still
    have done something that nobody saw.
    """

    url: str
    site: str
    acks: list[Ack] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    conversations: list[str] = field(default_factory=list)
    attended: list[str] = field(default_factory=list)
    followers: list[Follower] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    unsent: int = 0
    acting: int = 0

    async def begin(self, http: httpx.AsyncClient, random: Random) -> str:
        """A visitor's session, whose token `http` then carries, and the id of their conversation."""
        session = await insist(random, lambda: call(http, "POST", "/v1/sessions", json={"site": self.site}))
        http.headers["Authorization"] = f"Bearer {session.json()['token']}"
        start = {"client_id": client_id(random)}
        made = await insist(random, lambda: call(http, "POST", "/v1/conversations", json=start))
        conversation = str(made.json()["id"])
        self.conversations.append(conversation)
        return conversation

    @contextmanager
    def at_it(self) -> Iterator[None]:
        self.acting += 1
        try:
            yield
        finally:
            self.acting -= 1

    async def think(self, for_s: float) -> None:
        """Waits, but not beyond the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self.closing.wait()

    def http(self, number: int, **headers: str) -> httpx.AsyncClient:
        """A browser of its own address, so that limits by address count people and not the proxy."""
        known = {"X-Forwarded-For": f"10.{number >> 8}.{number & 255}.1", **headers}
        hooks = {"response": [self._note]}
        return httpx.AsyncClient(
            base_url=self.url,
            headers=known,
            verify=False,  # noqa: S501 (plain http)
            timeout=5,
            event_hooks=hooks,
        )

    async def _note(self, response: httpx.Response) -> None:
        self.statuses[response.status_code] += 1


async def insist(random: Random, act: Callable[[], Awaitable[Result]]) -> Result:
    """Tries until it succeeds or is refused for good."""
    failures = 0
    while True:
        try:
            return await act()
        except Passing as error:
            failures += 1
            await asyncio.sleep(error.after_s or random.random() * min(3.0, 0.3 * 2**failures))


def client_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


@dataclass
class Visitor:
    name: str
    number: int
    town: Town
    random: Random
    _count: int = 0

    async def live(self) -> None:
        async with self.town.http(self.number) as http:
            follower = Follower(http, await self.town.begin(http, self.random), self.random)
            self.town.attended.append(follower.conversation)
            self.town.followers.append(follower)
            following = asyncio.create_task(follower.run())
            try:
                while not self.town.closing.is_set():
                    await self.town.think(self.random.uniform(*ACTS_EVERY_S))
                    with self.town.at_it():
                        await self._act(http, follower)
                await following
            finally:
                following.cancel()

    async def _act(self, http: httpx.AsyncClient, follower: Follower) -> None:
        if self.town.closing.is_set():
            return
        dice = self.random.random()
        if dice < 0.72:
            await self._write(http, follower)
        elif dice < 0.8:
            await self._try(follower.reload)
        elif dice < 0.88:
            seq = {"seq": max(0, follower.last_seq)}
            await self._try(lambda: call(http, "PUT", f"{follower.path}/read", json=seq))
        elif dice < 0.92:
            await self._try(lambda: call(http, "POST", f"{follower.path}/stop", json={}))
        elif dice < 0.96:
            await self._try(lambda: call(http, "POST", f"{follower.path}/handoff", json={}))
        else:
            await self._retry(http, follower)

    async def _write(self, http: httpx.AsyncClient, follower: Follower) -> None:
        """The outbox: one message after the other, each until it is acknowledged, always under the same client_id."""
        self._count += 1
        await self._type(http, follower)
        text = f"{self.random.choice(QUESTIONS)} ({self.name}-m{self._count:04})"
        body = {"client_id": client_id(self.random), "text": text}
        self.town.unsent += 1
        answer = await insist(self.random, lambda: call(http, "POST", f"{follower.path}/messages", json=body))
        self.town.unsent -= 1
        posted = answer.json()
        self.town.acks.append(Ack(self.name, follower.conversation, body["client_id"], text, posted["seq"]))

    async def _type(self, http: httpx.AsyncClient, follower: Follower) -> None:
        if self.random.random() < TYPES:
            self.town.did["typing"] += 1
            await self._try(lambda: call(http, "POST", f"{follower.path}/typing", json={"typing": True}))

    async def _retry(self, http: httpx.AsyncClient, follower: Follower) -> None:
        broken = [one["id"] for one in follower.messages.values() if one["state"] == "interrupted"]
        if broken:
            await self._try(lambda: call(http, "POST", f"/v1/messages/{broken[-1]}/retry"))

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        """Once: what does not work out is left."""
        try:
            await act()
        except Passing:
            return
        except Refused as error:
            if error.status != 409:
                self.town.refusals.append(str(error))
