"""How a signal reaches the processes that watch its topic. In one process it is a function call."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import after_commit

Receiver = Callable[[str], None]


class SignalBus(Protocol):
    """Best effort: a signal may be lost, doubled or late; the hub's backstop makes up for it."""

    def publish(self, topic: str) -> None: ...

    def deliver_to(self, receiver: Receiver) -> None: ...


class LocalBus:
    """Signals of one process."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []

    def publish(self, topic: str) -> None:
        for receiver in self._receivers:
            receiver(topic)

    def deliver_to(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)


def signal(session: AsyncSession, topic: str) -> None:
    """Tells who watches `topic`, once this transaction is committed. Twice in one transaction is once."""
    bus: SignalBus | None = session.info.get("bus")
    pending: set[str] = session.info.setdefault("signalled", set())
    if bus is None or topic in pending:
        return
    pending.add(topic)
    after_commit(session, lambda: bus.publish(topic))
