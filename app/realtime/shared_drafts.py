"""Drafts that other processes read too: beside the text in memory there is a hot copy in Redis.

A writer keeps its whole text there with each change, the latest wins; a signal tells who streams the conversation
elsewhere, and they read the copy. Where Redis is away the answer still arrives, with its checkpoint or its end.
"""

import logging
from collections.abc import Mapping
from functools import partial
from uuid import UUID

import msgspec

from app.realtime import topics
from app.realtime.drafts import Draft, Drafts
from app.realtime.flights import Flights
from app.realtime.hub import Hub
from app.realtime.redis_bus import Copies, RedisBus

log = logging.getLogger(__name__)

PREFIX = "drafts"


class SharedDrafts(Drafts):
    def __init__(self, bus: RedisBus, hub: Hub) -> None:
        super().__init__(bus)
        self._redis = bus
        self._hub = hub
        self._heard: dict[UUID, dict[UUID, Draft]] = {}
        self._flights = Flights()
        bus.load_before(PREFIX, self._read_soon)
        bus.on_renewed(self._renew)
        hub.on_watch(PREFIX, first=self._read_soon, last=self._forget)

    def put(self, conversation_id: UUID, message_id: UUID, draft: Draft) -> None:
        self._redis.keep(topics.drafts(conversation_id), str(message_id), msgspec.msgpack.encode(draft))
        super().put(conversation_id, message_id, draft)

    def drop(self, conversation_id: UUID, message_id: UUID) -> None:
        self._redis.keep(topics.drafts(conversation_id), str(message_id), None)
        super().drop(conversation_id, message_id)

    def of(self, conversation_id: UUID) -> Mapping[UUID, Draft]:
        return _latest(self._heard.get(conversation_id, {}), super().of(conversation_id))

    def _renew(self) -> None:
        """Redis may be empty by now: what is written here is put there again, what is watched here is read again."""
        for conversation_id, drafts in self._drafts.items():
            for message_id, draft in drafts.items():
                self._redis.keep(
                    topics.drafts(conversation_id), str(message_id), msgspec.msgpack.encode(draft)
                )
        for topic in self._hub.watched(PREFIX):
            self._read_soon(topic)

    def _read_soon(self, topic: str) -> None:
        if self._redis.connected and self._hub.is_watched(topic):
            self._flights.begin(topic, partial(self._read, topic))

    async def _read(self, topic: str) -> None:
        copies = await self._redis.kept(topic)
        if copies is None or not self._hub.is_watched(topic):
            return
        conversation_id = UUID(topic.partition(":")[2])
        found = _decoded(copies)
        # What is held and no longer kept has ended; of what is kept, an attempt never gives way to an earlier one.
        held = self._heard.get(conversation_id, {})
        still = {message_id: draft for message_id, draft in held.items() if message_id in found}
        self._heard[conversation_id] = dict(_latest(found, still))
        self._hub.mark(topic)

    def _forget(self, topic: str) -> None:
        self._heard.pop(UUID(topic.partition(":")[2]), None)


def _latest(drafts: Mapping[UUID, Draft], others: Mapping[UUID, Draft]) -> Mapping[UUID, Draft]:
    """Both together; of one message the higher attempt, and of one attempt the longer text."""
    merged = dict(drafts)
    for message_id, draft in others.items():
        merged[message_id] = max(merged.get(message_id, draft), draft, key=_progress)
    return merged


def _progress(draft: Draft) -> tuple[int, int, int]:
    return draft.attempt, len(draft.text), draft.pages


def _decoded(copies: Copies) -> dict[UUID, Draft]:
    """What can be read of the copies: a version to come may keep other things there."""
    drafts: dict[UUID, Draft] = {}
    for message_id, body in copies.items():
        try:
            drafts[UUID(message_id.decode())] = msgspec.msgpack.decode(body, type=Draft)
        except (ValueError, msgspec.MsgspecError) as error:
            log.debug("A copy of a draft cannot be read: %s", error)
    return drafts
