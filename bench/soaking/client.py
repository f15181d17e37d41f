"""A client of one conversation, after the widget's rules: snapshot, stream, gaps, drafts, reconnects, polling.

It forgives what a client has to forgive, and notes what a server must never do.
"""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

PATIENCE_S = 10.0
SILENCE_S = 20.0
BACKOFF_S = (0.5, 30.0)
POLL_S = (3.0, 15.0)
FAILURES_UNTIL_POLLING = 3
SETTLED_S = 5.0

Json = dict[str, Any]


class Refused(Exception):
    """The server says no, and will say no again."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:300]}")
        self.status = status


class Passing(Exception):
    """Not now. `after_s` is when the server asks to come back, 0 where it does not say."""

    def __init__(self, said: str, after_s: float = 0) -> None:
        super().__init__(said)
        self.after_s = after_s


async def call(http: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """One request. Raises Passing for what may succeed later, Refused for what will not."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await http.request(method, path, **more)
    except (httpx.HTTPError, TimeoutError) as error:
        raise Passing(repr(error)) from error
    check(answer.status_code, answer.headers.get("retry-after"), answer.text)
    return answer


def check(status: int, retry_after: str | None, body: str) -> None:
    if status == 429 or status >= 500:
        if status == 500:
            raise Passing(f"unexpected: {body}")
        raise Passing(str(status), float(retry_after or 0))
    if status >= 400:
        raise Refused(status, body)


@dataclass
class Follower:
    """`messages` is what the screen shows. `wrongs` counts what no fault excuses."""

    http: httpx.AsyncClient
    conversation: str
    random: Random
    epoch: str = ""
    last_seq: int = -1
    messages: dict[str, Json] = field(default_factory=dict)
    wrongs: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    _failures: int = 0

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.conversation}"

    async def run(self) -> None:
        """Keeps up, until cancelled."""
        while True:
            began, after_s = time.monotonic(), 0.0
            try:
                await self._stream()
            except Passing as error:
                after_s = error.after_s
                self.counted["passing"] += 1
            if time.monotonic() - began > SETTLED_S:
                self._failures = 0
            if not after_s:  # who is told when to come back has not failed
                self._failures += 1
            await asyncio.sleep(after_s or await self._pause())

    async def _pause(self) -> float:
        since = self._failures - FAILURES_UNTIL_POLLING
        if since < 0:
            return self.random.random() * min(BACKOFF_S[1], BACKOFF_S[0] * math.pow(2, self._failures - 1))
        self.counted["polls"] += 1
        with suppress(Passing):
            await self.catch_up()
        longest = min(POLL_S[1], POLL_S[0] * math.pow(1.5, since))
        return longest * (0.75 + self.random.random() / 2)

    async def reload(self) -> None:
        """As if the page had been loaded anew, except that the stream goes on."""
        state = (await call(self.http, "GET", self.path)).json()
        if state["last_seq"] >= self.last_seq:
            self.messages = {}
            self._take(state)

    async def catch_up(self) -> None:
        if self.last_seq < 0:
            return await self._snapshot()
        more = True
        while more:
            page = (await call(self.http, "GET", f"{self.path}/events?after={self.last_seq}")).json()
            if page["epoch"] != self.epoch or page["head"] < self.last_seq:
                return await self._snapshot()
            for event in page["events"]:
                if event["seq"] > self.last_seq:  # the stream may have brought it meanwhile
                    self._durable(event, expected=self.last_seq + 1)
            more = page["more"]
        return None

    async def _snapshot(self) -> None:
        state = (await call(self.http, "GET", self.path)).json()
        if state["last_seq"] >= self.last_seq:
            self._take(state)

    def _take(self, state: Json) -> None:
        self.epoch, self.last_seq = state["epoch"], state["last_seq"]
        self.messages = {message["id"]: self._merged(message) for message in state["messages"]}

    async def _stream(self) -> None:
        if self.last_seq < 0:
            await self._snapshot()
        headers = {"Accept": "text/event-stream", "Last-Event-ID": f"{self.epoch}:{self.last_seq}"}
        expected = self.last_seq + 1
        try:
            timeout = httpx.Timeout(PATIENCE_S, read=SILENCE_S)
            async with self.http.stream(
                "GET", f"{self.path}/events", headers=headers, timeout=timeout
            ) as live:
                if live.status_code != 200:
                    body = (await live.aread()).decode()
                    check(live.status_code, live.headers.get("retry-after"), body)
                self.counted["streams"] += 1
                async for kind, data in frames(live):
                    if "seq" in data:
                        expected = self._durable(data, expected) + 1
                    else:
                        await self._ephemeral(kind, data)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            raise Passing(repr(error)) from error

    def _durable(self, event: Json, expected: int) -> int:
        """Applies one event; returns its number. On one stream each number follows the one before."""
        seq = int(event["seq"])
        if seq < expected:
            self.wrongs["duplicated"] += 1
        elif seq > expected:
            self.wrongs["reordered"] += 1
        if seq == self.last_seq + 1:
            self.last_seq = seq
            if event["kind"] in {"message.posted", "message.updated"}:
                self.messages[event["data"]["id"]] = self._merged(event["data"])
        return seq

    async def _ephemeral(self, kind: str, data: Json) -> None:
        if kind == "answer.delta":
            await self._delta(data)
        elif kind == "reset":
            await self._snapshot()
        elif kind == "ready" and data["head"] > self.last_seq:
            await self.catch_up()
        elif kind == "reconnect":
            raise Passing("told to leave", data["after_ms"] / 1000 + 0.001)

    async def _delta(self, delta: Json) -> None:
        message = self.messages.get(delta["message"])
        if message is None or delta["attempt"] < message["attempt"]:
            return
        anew = delta["attempt"] > message["attempt"]
        if not anew and message["state"] != "streaming":
            return
        text = "" if anew else message["text"]
        if delta["offset"] > len(text):
            self.counted["delta_gaps"] += 1
            return
        overlap = text[delta["offset"] :]
        if not (delta["text"].startswith(overlap) or overlap.startswith(delta["text"])):
            self.wrongs["wrong_bytes"] += 1
        if len(delta["text"]) > len(overlap):
            text = text[: delta["offset"]] + delta["text"]
        self.messages[message["id"]] = message | {
            "text": text,
            "attempt": delta["attempt"],
            "state": "streaming",
        }

    def _merged(self, message: Json) -> Json:
        """The server's message; what had been seen of an answer must be how it begins."""
        known = self.messages.get(message["id"])
        if known is None or known["state"] != "streaming" or known["attempt"] != message["attempt"]:
            return message
        if message["state"] == "complete" and not message["text"].startswith(known["text"]):
            self.wrongs["wrong_bytes"] += 1
        longer = message["state"] == "streaming" and len(known["text"]) > len(message["text"])
        return message | {"text": known["text"]} if longer else message


async def frames(live: httpx.Response) -> AsyncIterator[tuple[str, Json]]:
    kind = ""
    async for line in live.aiter_lines():
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            yield kind, json.loads(line[6:])
