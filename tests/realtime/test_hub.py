"""The hub: mailboxes of constant size, and a backstop that nothing ends."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from app.kit.failures import database_is_away
from app.main import beside
from app.realtime.bus import LocalBus
from app.realtime.hub import Hub, Mailbox

ORG = UUID(int=1)


class Impatient(LocalBus):
    backstop_s = 0.01


async def test_a_mailbox_holds_topics_not_signals() -> None:
    hub = Hub(LocalBus())
    with hub.watch(ORG, ["a:1", "a:2"]) as mailbox:
        for _ in range(10_000):
            hub.mark("a:1")
        assert mailbox._dirty == {"a:1"}
        hub.mark_all()
        assert await mailbox.changed(within_s=1) == {"a:1", "a:2"}
        assert await mailbox.changed(within_s=0.01) == frozenset()
    assert not hub._watchers
    assert not hub._heads


async def test_the_backstop_outlives_whatever_it_meets() -> None:
    bus = Impatient()
    hub = Hub(bus)
    failures = [OSError("gone"), asyncpg.CannotConnectNowError("starting up"), KeyError("a bug of ours")]

    async def read(_: UUID, topics: Sequence[str]) -> Mapping[str, object]:
        if failures:
            raise failures.pop()
        return dict.fromkeys(topics, 7)

    hub.read_heads("a", read)
    async with beside(hub.run_backstop()):
        with hub.watch(ORG, ["a:1"]) as mailbox:
            assert await mailbox.changed(within_s=5) == {"a:1"}
    assert not failures


class Patient(LocalBus):
    backstop_s = 60.0


async def test_a_reader_is_told_of_what_differs_from_what_they_read_and_of_nothing_else() -> None:
    hub = Hub(Patient())
    heads = {"a:1": 7, "a:2": 8}

    async def read(_: UUID, topics: Sequence[str]) -> Mapping[str, object]:
        return {topic: heads[topic] for topic in topics}

    hub.read_heads("a", read)
    with hub.watch(ORG, ["a:1", "a:2"]) as mailbox:
        hub.know("a:1", 7, mailbox)
        hub.know("a:2", 7, mailbox)
        await hub.check_heads()
        assert await mailbox.changed(within_s=1) == {"a:2"}
        with hub.watch(ORG, ["a:1"]) as late:
            hub.know("a:1", 6, late)
            assert await late.changed(within_s=1) == {"a:1"}
        assert await mailbox.changed(within_s=0.01) == frozenset()


async def test_after_signals_may_be_lost_the_backstop_looks_at_once() -> None:
    hub = Hub(Patient())
    looked: list[int] = []

    async def read(_: UUID, topics: Sequence[str]) -> Mapping[str, object]:
        looked.append(1)
        return dict.fromkeys(topics, len(looked) // 2)

    hub.read_heads("a", read)
    async with beside(hub.run_backstop()):
        with hub.watch(ORG, ["a:1", "b:1"]) as mailbox:
            hub.know("a:1", 0, mailbox)
            hub.mark_all()
            assert await mailbox.changed(within_s=5) == {"b:1"}
            while not looked:
                await asyncio.sleep(0.01)
            hub.mark_all()
            assert "a:1" in await _changes(mailbox, "a:1")


async def _changes(mailbox: Mailbox, wanted: str) -> set[str]:
    found: set[str] = set()
    async with asyncio.timeout(5):
        while wanted not in found:
            found |= await mailbox.changed(within_s=1)
    return found


async def test_a_server_that_leaves_asks_everybody_also_those_who_still_come() -> None:
    hub = Hub(LocalBus())
    with hub.watch(ORG, ["a:1"]) as before:
        hub.drain(3000)
        with hub.watch(ORG, ["a:1"]) as after:
            for mailbox in (before, after):
                assert mailbox.closing is not None
                assert 0 <= mailbox.closing < 3000
                assert await mailbox.changed(within_s=1) == frozenset()


async def test_first_and_last_watchers_are_told_of() -> None:
    hub, told = Hub(LocalBus()), list[str]()
    hub.on_watch(
        "a",
        first=lambda topic: told.append(f"first {topic}"),
        last=lambda topic: told.append(f"last {topic}"),
    )
    with hub.watch(ORG, ["a:1", "b:1"]), hub.watch(ORG, ["a:1"]):
        assert hub.watched("a") == ["a:1"]
    assert told == ["first a:1", "last a:1"]


def test_a_database_that_is_away_is_told_from_a_bug() -> None:
    assert database_is_away(FileNotFoundError())
    assert database_is_away(asyncpg.CannotConnectNowError("starting up"))
    assert database_is_away(asyncpg.AdminShutdownError("terminating connection"))
    assert database_is_away(ExceptionGroup("", [OSError("gone"), asyncpg.InterfaceError("closed")]))
    assert not database_is_away(ExceptionGroup("", [OSError("gone"), KeyError("x")]))
    assert not database_is_away(KeyError("x"))
    assert not database_is_away(asyncpg.UniqueViolationError("x"))
