"""How a signal reaches the processes that watch its topic. In one process it is a function call."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import after_commit

Receiver = Callable[[str], None]

# How long a lost signal may go unnoticed where nothing but the backstop carries news from other processes.
ALONE_S = 1.0


class SignalBus(Protocol):
    """Best effort: a signal may be lost, doubled or late; the hub's backstop makes up for it."""

    @property
    def backstop_s(self) -> float:
        """How often the backstop has to look, as things stand with this bus."""
        ...

    def publish(self, topic: str) -> None:
        """Tells who watches `topic`. Never waits and never fails."""
        ...

    def deliver_to(self, receiver: Receiver) -> None: ...

    async def run(self) -> None:
        """Carries signals to and from other processes, until cancelled."""
        ...


class LocalBus:
    """Signals of one process."""

    backstop_s = ALONE_S

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []

    def publish(self, topic: str) -> None:
        for receiver in self._receivers:
            receiver(topic)

    def deliver_to(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)

    async def run(self) -> None:
        """There is no other process to carry anything to."""


def signal(session: AsyncSession, topic: str) -> None:
    """Tells who watches `topic`, once this transaction is committed. Twice in one transaction is once."""
    bus: SignalBus | None = session.info.get("bus")
    pending: set[str] = session.info.setdefault("signalled", set())
    if bus is None or topic in pending:
        return
    pending.add(topic)
    after_commit(session, lambda: bus.publish(topic))
