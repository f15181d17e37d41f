"""Who is where for now, in one process: leases that run out, and nothing that stays behind."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from app.realtime import attendance, topics
from app.realtime.attendance import LEASE_S, LINGER_S, MOST, Attendance
from app.realtime.bus import LocalBus
from app.realtime.presence import Presence, agent, visitor

ORG, TALK = UUID(int=1), UUID(int=2)
MAYA, JONAS, ASKER = agent(UUID(int=3), "Maya"), agent(UUID(int=4), "Jonas"), visitor(UUID(int=5))


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(attendance, "time", clock)
    return clock


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def presence(heard: list[str], clock: Clock) -> Presence:
    bus = LocalBus()
    bus.deliver_to(heard.append)
    return Presence(Attendance(bus))


@pytest.fixture(autouse=True)
def nothing_is_left(presence: Presence, clock: Clock) -> Iterator[None]:
    """Whatever a test did: once the leases have run out, nothing is held any more."""
    yield
    clock.at += LEASE_S + 1
    presence.attendance.drop_expired()
    assert presence.attendance._held == {}
    assert presence.attendance._staying == {}


def test_who_types_is_told_until_they_stop_or_say_no_more(
    presence: Presence, clock: Clock, heard: list[str]
) -> None:
    presence.type(TALK, MAYA)
    presence.type(TALK, ASKER)
    assert presence.typing(TALK) == [MAYA, ASKER]
    presence.stop_typing(TALK, MAYA)
    assert presence.typing(TALK) == [ASKER]
    clock.at += 6.1
    presence.attendance.drop_expired()
    assert presence.typing(TALK) == []
    assert heard == [topics.typing(TALK)] * 4, "each change is signalled, and nothing else"


def test_who_says_it_more_often_than_every_two_seconds_is_not_heard_more_often(
    presence: Presence, clock: Clock, heard: list[str]
) -> None:
    for _ in range(19):
        presence.type(TALK, ASKER)
        clock.at += 0.1
    assert presence.attendance.left(topics.typing(TALK), f"visitor:{ASKER.id}") < 4.2
    clock.at += 0.2
    presence.type(TALK, ASKER)
    assert presence.attendance.left(topics.typing(TALK), f"visitor:{ASKER.id}") == 6
    assert heard == [topics.typing(TALK)], "to go on is no news"


def test_of_many_in_one_place_so_many_are_kept(presence: Presence, clock: Clock) -> None:
    for number in range(MOST + 8):
        clock.at += 0.01
        presence.type(TALK, agent(UUID(int=100 + number), f"{number:03}"))
    names = [person.name for person in presence.typing(TALK)]
    assert names == [f"{number:03}" for number in range(8, MOST + 8)]


def test_somebody_with_two_streams_is_there_once_and_stays_with_one(presence: Presence, clock: Clock) -> None:
    with presence.at_console(ORG, MAYA, [TALK]):
        with presence.at_console(ORG, MAYA, [TALK]), presence.on_page(TALK, ASKER):
            assert presence.looking(TALK) == [MAYA, ASKER]
            assert presence.online(ORG) == [MAYA]
        clock.at += LINGER_S + 1
        presence.attendance.drop_expired()
        assert presence.looking(TALK) == presence.online(ORG) == [MAYA]


def test_who_opens_the_next_page_has_not_been_away(
    presence: Presence, clock: Clock, heard: list[str]
) -> None:
    with presence.on_page(TALK, ASKER):
        pass
    clock.at += LINGER_S - 1
    presence.attendance.drop_expired()
    assert presence.looking(TALK) == [ASKER]
    with presence.on_page(TALK, ASKER):
        clock.at += 2
        presence.attendance.drop_expired()
        assert presence.looking(TALK) == [ASKER]


def test_who_stays_is_entered_anew_with_every_beat(
    presence: Presence, clock: Clock, heard: list[str]
) -> None:
    with presence.at_console(ORG, MAYA, []), presence.at_console(ORG, JONAS, []):
        for _ in range(10):
            clock.at += LEASE_S / 3
            presence.attendance.renew()
            presence.attendance.drop_expired()
        assert presence.online(ORG) == [JONAS, MAYA]
    assert heard == [topics.online(ORG)] * 2


async def test_who_polls_is_there_until_they_poll_no_more(presence: Presence, clock: Clock) -> None:
    presence.polls(ORG, MAYA)
    assert await presence.is_online(ORG, UUID(MAYA.id))
    assert not await presence.is_online(ORG, UUID(JONAS.id))
    clock.at += LEASE_S + 1
    presence.attendance.drop_expired()
    assert await presence.online_ids(ORG) == frozenset()
