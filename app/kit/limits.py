"""How often somebody may do something: a sliding window a key, in this process."""

import time
from collections import deque

from app.kit.errors import TooManyRequests

MAX_KEYS = 50_000


class Limits:
    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def count(self, key: str, *, most: int, per_s: float) -> None:
        """Counts one more for `key`. Raises TooManyRequests when there were `most` within `per_s` already."""
        moment = time.monotonic()
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= moment - per_s:
            seen.popleft()
        if len(seen) >= most:
            wait = max(1, round(seen[0] + per_s - moment))
            raise TooManyRequests(
                f"Too many requests in a short time. Try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        seen.append(moment)
        self._forget_idle(moment, per_s)

    def allows(self, key: str, *, most: int, per_s: float) -> bool:
        """The same for what is passed over in silence: counts one more, if there is room for it."""
        try:
            self.count(key, most=most, per_s=per_s)
        except TooManyRequests:
            return False
        return True

    def _forget_idle(self, moment: float, per_s: float) -> None:
        if len(self._seen) > MAX_KEYS:
            self._seen = {key: seen for key, seen in self._seen.items() if seen and seen[-1] > moment - per_s}
