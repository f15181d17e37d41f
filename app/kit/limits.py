"""How often somebody may do something: a sliding window a key, in this process (decision 11 says why not in all)."""

from collections import deque
from dataclasses import dataclass, field
from time import monotonic

from app.kit.errors import TooManyRequests

# How often what is over is forgotten: visitors come and go, and each leaves a key behind.
SWEEP_S = 60.0


@dataclass(slots=True)
class Window:
    """When somebody did something within the last `per_s` seconds."""

    per_s: float
    seen: deque[float] = field(default_factory=deque)

    def forget_before(self, moment: float) -> None:
        while self.seen and self.seen[0] <= moment - self.per_s:
            self.seen.popleft()

    def is_over(self, moment: float) -> bool:
        return not self.seen or self.seen[-1] <= moment - self.per_s


class Limits:
    def __init__(self) -> None:
        self._seen: dict[str, Window] = {}
        self._swept_at = monotonic()

    def count(self, key: str, *, most: int, per_s: float) -> None:
        """Counts one more for `key`. Raises TooManyRequests when there were `most` within `per_s` already."""
        moment = monotonic()
        self._sweep(moment)
        window = self._seen.setdefault(key, Window(per_s))
        window.forget_before(moment)
        if len(window.seen) >= most:
            wait = max(1, round(window.seen[0] + per_s - moment))
            raise TooManyRequests(
                f"Too many requests in a short time. Try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        window.seen.append(moment)

    def allows(self, key: str, *, most: int, per_s: float) -> bool:
        """The same for what is passed over in silence: counts one more, if there is room for it."""
        try:
            self.count(key, most=most, per_s=per_s)
        except TooManyRequests:
            return False
        return True

    def _sweep(self, moment: float) -> None:
        if moment < self._swept_at + SWEEP_S:
            return
        self._swept_at = moment
        self._seen = {key: window for key, window in self._seen.items() if not window.is_over(moment)}
