"""One read for everybody who wants the same thing at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class Flights:
    """Shares reads by key. At most one read of a key runs, and at most one waits for it to end.

    Nobody is given a read that began before they asked: it may not have seen what they have heard of.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Task[Any]] = {}
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def share(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """The result of a read of `key` that begins after this call. Who gives up leaves the others their read."""
        result: Result = await asyncio.shield(self.begin(key, read))
        return result

    def begin(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> "asyncio.Task[Result]":
        """The same for who does not wait."""
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.create_task(self._fly(key, read))
            task.add_done_callback(_looked_at)
        return task

    async def _fly(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        if before := self._running.get(key):
            await asyncio.wait({before})
        task = self._waiting.pop(key)
        self._running[key] = task
        try:
            return await read()
        finally:
            if self._running.get(key) is task:
                del self._running[key]


def _looked_at(task: "asyncio.Task[Any]") -> None:
    """Where all who asked have left, a failure concerns nobody any more."""
    if not task.cancelled():
        task.exception()
