"""Leaves an endpoint alone that keeps failing, so that no visitor waits for what will not come."""

from collections.abc import Callable
from time import monotonic

FAILURES = 5
REST_S = 15.0
LONGEST_REST_S = 300.0


class Breaker:
    """Of one endpoint, in this process. After FAILURES in a row the endpoint rests, longer each time it fails again.

    When its rest is over one request may try it, while the others still pass it by.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest = REST_S
        self._rests_until = 0.0
        self._probing = False

    @property
    def rests(self) -> bool:
        return self._failures >= FAILURES

    def admits(self) -> bool:
        """Whether a request may be made now. Each that is must be told of by `worked`, `failed` or `left`."""
        if not self.rests:
            return True
        if self._probing or self._clock() < self._rests_until:
            return False
        self._probing = True
        return True

    def worked(self) -> None:
        self._failures, self._rest, self._probing = 0, REST_S, False

    def failed(self, retry_after: float | None = None) -> None:
        """`retry_after` is how long the endpoint itself asks to be left alone, in seconds."""
        self._failures += 1
        self._probing = False
        if self.rests:
            pause = max(self._rest, retry_after or 0.0)
            self._rests_until = self._clock() + min(pause, LONGEST_REST_S)
            self._rest = min(self._rest * 2, LONGEST_REST_S)

    def left(self) -> None:
        """The request was given up by who made it, or says nothing about the endpoint."""
        self._probing = False
