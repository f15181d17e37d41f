"""Signals between processes, over Redis.

Every process hears all 64 channels from its start on, so that watching a topic costs Redis nothing. A supervisor
sends itself an echo; when two have not come back it connects anew. Whatever was said meanwhile is lost, so after
every connection all that is watched here counts as changed. What is to be sent waits in a table by topic: the latest
wins, it cannot grow without end, and no request ever waits for Redis.
"""

import asyncio
import logging
import secrets
import time
import zlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import BlockingConnectionPool, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.kit.failures import closed_is_lost
from app.realtime.bus import ALONE_S, Receiver

log = logging.getLogger(__name__)

SHARDS = 64
ECHO_S = 1.0
MISSED_ECHOES = 2
# While Redis answers, signals come in milliseconds, and the backstop may look less often.
CONNECTED_S = 3.0
TIMEOUT_S = 1.0
# Where many ask at once, they wait for one another for so long. The supervisor has a connection apart from theirs: that
# it got none would look to it as if Redis were away, whereupon everybody asks again.
ASK_AT_ONCE = 8
ASK_WITHIN_S = 5.0
PAUSES_S = (0.1, 0.2, 0.5, 1.0)
MAX_WAITING = 4096
# How long a hot copy outlives its last change when its writer died: an answer may be silent for its whole deadline.
COPY_TTL_S = 120

Copies = Mapping[bytes, bytes]
FAILURES = (RedisError, OSError, TimeoutError)


class EchoMissed(Exception):
    """Redis takes what is sent, but nothing comes back."""


def channel_of(topic: str) -> str:
    return f"sig:{zlib.crc32(topic.encode()) % SHARDS}"


class RedisBus:
    """Run it with `run()`, for as long as the process lives. `me` tells this process from the others."""

    def __init__(self, url: str, *, echo_s: float = ECHO_S) -> None:
        self.me = secrets.token_hex(8)
        self.renewed = 0
        self._url = url
        self._echo_s = echo_s
        self._heard_at = 0.0
        self._redis: Redis | None = None
        self._receivers: list[Receiver] = []
        self._on_renewed: list[Callable[[], None]] = []
        self._loaders: dict[str, Receiver] = {}
        self._waiting: dict[str, dict[str, bytes | None]] = {}
        self._wake = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._redis is not None

    @property
    def backstop_s(self) -> float:
        return CONNECTED_S if self.connected else ALONE_S

    def deliver_to(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)

    def on_renewed(self, effect: Callable[[], None]) -> None:
        """Runs `effect` after each connection: signals may have been missed before it."""
        self._on_renewed.append(effect)

    def load_before(self, prefix: str, loader: Receiver) -> None:
        """Hands signals of other processes about `prefix:…` to `loader`, which delivers them once it has read."""
        self._loaders[prefix] = loader

    def publish(self, topic: str) -> None:
        self._deliver(topic)
        self._send_soon(topic, {})

    def keep(self, topic: str, field: str, value: bytes | None) -> None:
        """Puts a value where other processes read it (None removes it), and signals `topic`."""
        if self.connected or value is None:
            self._send_soon(topic, {field: value})

    async def kept(self, topic: str) -> Copies | None:
        """What processes keep of a topic, by field; None while Redis cannot say."""
        if self._redis is None:
            return None
        try:
            with closed_is_lost():
                found = cast("Copies", await self._redis.hgetall(topic))
        except FAILURES as error:
            log.debug("Redis has no copies to give: %s", error)
            return None
        return found

    async def execute(self, commands: Callable[[Any], object]) -> list[Any] | None:
        """What Redis answers to the commands that are put into a pipeline; None while it does not answer."""
        if self._redis is None:
            return None
        try:
            with closed_is_lost():
                async with self._redis.pipeline(transaction=False) as pipe:
                    commands(pipe)
                    return await pipe.execute()
        except FAILURES as error:
            log.debug("Redis did not take part: %s", error)
            return None

    def _deliver(self, topic: str) -> None:
        for receiver in self._receivers:
            receiver(topic)

    def _send_soon(self, topic: str, copies: dict[str, bytes | None]) -> None:
        if topic not in self._waiting and len(self._waiting) >= MAX_WAITING:
            return  # the backstop of the others finds it
        self._waiting.setdefault(topic, {}).update(copies)
        self._wake.set()

    async def run(self) -> None:
        """Connects, and connects anew, for ever."""
        failures = 0
        while True:
            before = self.renewed
            try:
                with closed_is_lost():
                    await self._while_connected()
            except (*FAILURES, EchoMissed) as error:
                failures = 1 if self.renewed > before else failures + 1
                if failures == 1:
                    log.warning("Redis is away; the backstop carries on meanwhile: %s", error)
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1])

    async def _while_connected(self) -> None:
        redis = self._client(ConnectionPool)
        asking = self._client(BlockingConnectionPool, max_connections=ASK_AT_ONCE, timeout=ASK_WITHIN_S)
        async with redis, asking, redis.pubsub() as ears:
            await ears.subscribe(*(f"sig:{shard}" for shard in range(SHARDS)), self._echo)
            self._renew(asking)
            try:
                await _until_one_fails(self._listen(ears), self._send_waiting(redis), self._watch_echo(redis))
            finally:
                self._redis = None

    def _client(self, kind: type[ConnectionPool], **more: float) -> Redis:
        pool = kind.from_url(
            self._url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            **more,
        )
        return Redis.from_pool(pool)

    @property
    def _echo(self) -> str:
        return f"sig:echo:{self.me}"

    def _renew(self, asking: Redis) -> None:
        self._redis = asking
        self._heard_at = time.monotonic()
        self.renewed += 1
        if self.renewed > 1:
            log.warning("Redis is back")
        for effect in self._on_renewed:
            effect()

    async def _listen(self, ears: PubSub) -> None:
        while True:
            message = await ears.get_message(ignore_subscribe_messages=True, timeout=self._echo_s)
            if message is None:
                continue
            self._heard_at = time.monotonic()
            if message["channel"].decode() != self._echo:
                self._take(message["data"].decode(errors="replace"))

    def _take(self, said: str) -> None:
        origin, _, topic = said.partition(" ")
        if origin == self.me:
            return  # who is here has heard it already
        if loader := self._loaders.get(topic.partition(":")[0]):
            loader(topic)
        else:
            self._deliver(topic)

    async def _watch_echo(self, redis: Redis) -> None:
        while True:
            await redis.publish(self._echo, b"")
            await asyncio.sleep(self._echo_s)
            if time.monotonic() - self._heard_at > MISSED_ECHOES * self._echo_s:
                raise EchoMissed(f"no echo for {MISSED_ECHOES * self._echo_s:g} s")

    async def _send_waiting(self, redis: Redis) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, {}
            try:
                with closed_is_lost():
                    await self._send(redis, batch)
            except FAILURES:
                self._put_back(batch)
                raise

    async def _send(self, redis: Redis, batch: Mapping[str, Mapping[str, bytes | None]]) -> None:
        async with redis.pipeline(transaction=False) as pipe:
            for topic, copies in batch.items():
                _write(pipe, topic, copies)
                pipe.publish(channel_of(topic), f"{self.me} {topic}")
            await pipe.execute()

    def _put_back(self, batch: Mapping[str, dict[str, bytes | None]]) -> None:
        newer, self._waiting = self._waiting, {}
        for topic, copies in [*batch.items(), *newer.items()]:
            self._send_soon(topic, copies)


async def _until_one_fails(*works: Coroutine[Any, Any, None]) -> None:
    """Not a TaskGroup: where a task fails just as its group is cancelled, that of Python 3.11 forgets the latter."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    done.pop().result()


def _write(pipe: Any, topic: str, copies: Mapping[str, bytes | None]) -> None:
    kept = {field: value for field, value in copies.items() if value is not None}
    if kept:
        pipe.hset(topic, mapping=kept)
        pipe.expire(topic, COPY_TTL_S)
    if gone := [field for field, value in copies.items() if value is None]:
        pipe.hdel(topic, *gone)
