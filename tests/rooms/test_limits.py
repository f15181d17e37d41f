"""Limits hold within their window, and what is over takes no memory."""

import pytest

from app.kit import limits
from app.kit.errors import TooManyRequests
from app.kit.limits import Limits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is."""
    moment = [1000.0]
    monkeypatch.setattr(limits, "monotonic", lambda: moment[0])
    return moment


def test_so_many_and_not_one_more_until_the_window_has_passed(clock: list[float]) -> None:
    known = Limits()
    for _ in range(3):
        known.count("ann", most=3, per_s=60)
    with pytest.raises(TooManyRequests) as refused:
        known.count("ann", most=3, per_s=60)
    assert refused.value.headers == {"Retry-After": "60"}
    known.count("bob", most=3, per_s=60)
    clock[0] += 60
    known.count("ann", most=3, per_s=60)


def test_who_comes_no_more_is_forgotten_and_a_longer_window_is_not_cut_short(clock: list[float]) -> None:
    known = Limits()
    known.count("sign-in:ann", most=1, per_s=900)
    for number in range(1000):
        known.count(f"messages:{number}", most=30, per_s=60)
    clock[0] += 120
    known.count("messages:new", most=30, per_s=60)
    assert set(known._seen) == {"sign-in:ann", "messages:new"}
    with pytest.raises(TooManyRequests):
        known.count("sign-in:ann", most=1, per_s=900)
