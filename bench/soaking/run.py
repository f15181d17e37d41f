"""One soak: everybody at work while things break, until all is up to date again; then what is stored is read."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, text

from app.conversations import queries, views
from app.conversations.models import Conversation
from app.tenancy.organisations import enter_organisation
from bench.soaking import weather
from bench.soaking.audience import Onlooker
from bench.soaking.judge import Seen, Truth, Verdict, judge
from bench.soaking.memory import Memory
from bench.soaking.people import Town, Visitor
from bench.soaking.staff import Agent
from bench.soaking.world import MARKER, World, answer_to

SETTLES_WITHIN_S = 60.0
ARRIVE_WITHIN_S = 600.0


@dataclass(frozen=True)
class Cast:
    """How many take part: who writes, who answers them, and how many streams merely look on."""

    visitors: int = 50
    agents: int = 5
    onlookers: int = 450

    @property
    def streams(self) -> int:
        return self.visitors + self.onlookers


@dataclass
class Run:
    world: World
    town: Town
    cast: Cast
    seconds: float
    tracks: Sequence[weather.Track]
    struck: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=Memory)

    async def live(self, people: Sequence[Visitor | Agent | Onlooker]) -> float:
        """Everybody at work until the last fault is over; returns how long all needed then to be up to date."""
        busy = [asyncio.create_task(person.live()) for person in people]
        watching = asyncio.create_task(self.memory.watch(self.world.servers))
        try:
            await self._arrive(busy)
            await self._weather(busy)
            self.town.closing.set()
            converged = await self._converge()
            await self._settle()
        finally:
            for task in [*busy, watching]:
                task.cancel()
            ended = await asyncio.gather(*busy, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        return converged

    async def _arrive(self, busy: list["asyncio.Task[None]"]) -> None:
        """Everybody in, with their streams open, before anything goes wrong: so much is the same for every seed."""
        async with asyncio.timeout(ARRIVE_WITHIN_S):
            while len(self.town.followers) < self.cast.streams or not all(
                follower.counted["streams"] for follower in self.town.followers
            ):
                _raise_ended(busy)
                await asyncio.sleep(0.2)

    async def _weather(self, busy: list["asyncio.Task[None]"]) -> None:
        proxy, signals = self.world.proxy, self.world.signals
        if self.tracks:
            proxy.resets_before = proxy.resets_after = weather.NOISE
            signals.drops = signals.doubles = signals.delays = weather.SIGNAL_NOISE
            self.world.model.moody = weather.MODEL_NOISE
        deadline = time.monotonic() + self.seconds
        await asyncio.gather(*(self._track(track, deadline, busy) for track in self.tracks))
        await asyncio.sleep(max(0.0, deadline - time.monotonic()))
        await self.world.whole()
        proxy.resets_before = proxy.resets_after = 0.0
        signals.drops = signals.doubles = signals.delays = self.world.model.moody = 0.0

    async def _track(self, track: weather.Track, deadline: float, busy: list["asyncio.Task[None]"]) -> None:
        for number, fault in enumerate(track):
            if number >= track.due and time.monotonic() > deadline:
                return
            name = weather.name_of(fault.kind, fault.for_s)
            print(name, file=sys.stderr, flush=True)
            self.struck[name] += 1
            await weather.strike(self.world, fault)
            _raise_ended(busy)

    async def _converge(self) -> float:
        """Until nothing waits in an outbox any more, and every screen shows all that was stored by then."""
        began = time.monotonic()
        heads: dict[str, int] | None = None
        while time.monotonic() - began < SETTLES_WITHIN_S:
            if heads is None and not self.town.unsent:
                heads = await self._heads()
            if heads is not None and self._shown(heads):
                break
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    def _shown(self, heads: dict[str, int]) -> bool:
        return all(follower.last_seq >= heads[follower.conversation] for follower in self.town.followers)

    async def _up_to_date(self) -> bool:
        """Nobody does anything any more, and every screen shows what the database holds."""
        heads = await self._heads()
        return not self.town.acting and self._shown(heads)

    async def _settle(self) -> None:
        """Answers under way may end, and be seen to end."""
        began = time.monotonic()
        while time.monotonic() - began < SETTLES_WITHIN_S:
            writing = any(
                message["state"] == "streaming"
                for follower in self.town.followers
                for message in follower.messages.values()
            )
            if not writing and not await self._answers_due() and await self._up_to_date():
                await asyncio.sleep(1)
                if not await self._answers_due() and await self._up_to_date():
                    return
            await asyncio.sleep(0.2)

    async def _answers_due(self) -> bool:
        """Whether some answer is still to be written: by a job that waits, or that somebody is at."""
        async with self.world.database.transaction(None) as session:
            due = """SELECT EXISTS (SELECT FROM begun_job WHERE name = 'answering.reply')
                OR EXISTS (SELECT FROM pgqueuer WHERE entrypoint = 'answering.reply')"""
            return bool(await session.scalar(text(due)))

    async def _heads(self) -> dict[str, int]:
        async with self.world.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            found = await session.execute(select(Conversation.id, Conversation.last_seq))
            return {str(row[0]): row[1] for row in found.all()}

    async def verdict(self) -> Verdict:
        truths = {name: await self._truth(id_) for name, id_ in (await self._places()).items()}
        seen = [
            Seen(one.conversation, list(one.messages.values()), one.wrongs, one.last_seq)
            for one in self.town.followers
        ]
        markers = [found for ack in self.town.acks for found in MARKER.findall(ack.text)]
        said = {marker: answer_to(marker) for marker in markers}
        return judge(self.town.acks, truths, seen, said, self.town.changes)

    async def _places(self) -> dict[str, UUID]:
        """Every conversation by the name that senders have for it: notes are beside a visitor's conversation."""
        async with self.world.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            found = await session.execute(select(Conversation.id, Conversation.about_id))
            return {f"notes:{about}" if about else str(id_): id_ for id_, about in found.all()}

    async def _truth(self, conversation: UUID) -> Truth:
        async with self.world.database.transaction(None) as session:
            await enter_organisation(session, "demo")
            events = await views.events_after(session, conversation, 0, 1_000_000)
            found = (await session.scalars(queries.messages(session, conversation))).all()
            return Truth(events, [views.message_view(message) for message in found])


def _raise_ended(busy: Sequence["asyncio.Task[None]"]) -> None:
    for task in busy:
        if task.done():
            task.result()
