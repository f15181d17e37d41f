"""The soak's client notes what no fault excuses: an event twice, out of order, or with other bytes than before."""

from random import Random
from typing import Any

import httpx
import pytest

from bench.soaking.client import Follower


def event(seq: int, **data: Any) -> dict[str, Any]:
    message = {"id": "m", "seq": 1, "text": "", "state": "streaming", "attempt": 1} | data
    return {"seq": seq, "kind": "message.posted", "data": message}


@pytest.fixture
async def follower() -> Follower:
    dice = Random(0)  # noqa: S311 (of a test)
    return Follower(httpx.AsyncClient(), "talk", dice, epoch="e", last_seq=0)


def test_events_in_their_order_are_fine(follower: Follower) -> None:
    assert [follower._durable(event(seq), seq) for seq in (1, 2, 3)] == [1, 2, 3]
    assert not follower.wrongs


@pytest.mark.parametrize(("seq", "noted"), [(1, "duplicated"), (3, "reordered")])
def test_an_event_that_comes_twice_or_too_early_is_noted(follower: Follower, seq: int, noted: str) -> None:
    follower._durable(event(1), 1)
    follower._durable(event(seq), 2)
    assert follower.wrongs == {noted: 1}
    assert follower.last_seq == 1


async def test_words_are_laid_over_what_is_held(follower: Follower) -> None:
    follower._durable(event(1), 1)
    for offset, text in ((0, "Thirty"), (0, "Thirty d"), (8, "ays"), (3, "rty"), (20, "lost")):
        await follower._delta({"message": "m", "attempt": 1, "offset": offset, "text": text})
    assert follower.messages["m"]["text"] == "Thirty days"
    assert not follower.wrongs
    assert follower.counted["delta_gaps"] == 1


async def test_words_that_contradict_what_was_said_are_noted(follower: Follower) -> None:
    follower._durable(event(1), 1)
    await follower._delta({"message": "m", "attempt": 1, "offset": 0, "text": "Thirty"})
    await follower._delta({"message": "m", "attempt": 1, "offset": 2, "text": "IRTY days"})
    follower._durable(event(2, text="Forty days", state="complete"), 2)
    assert follower.wrongs["wrong_bytes"] >= 1


async def test_a_new_attempt_begins_anew(follower: Follower) -> None:
    follower._durable(event(1), 1)
    await follower._delta({"message": "m", "attempt": 1, "offset": 0, "text": "Thirty"})
    await follower._delta({"message": "m", "attempt": 2, "offset": 0, "text": "Four"})
    await follower._delta({"message": "m", "attempt": 1, "offset": 6, "text": " days"})
    assert (follower.messages["m"]["text"], follower.messages["m"]["attempt"]) == ("Four", 2)
    assert not follower.wrongs
