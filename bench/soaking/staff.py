"""Members at the console: they take conversations over, pass them on, correct themselves, and talk among themselves."""

import asyncio
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx

from bench.soaking.client import Refused, call
from bench.soaking.judge import Ack, Change
from bench.soaking.people import TYPES, Town, client_id, insist

SAID = re.compile(r'<article class="said[^"]*" id="m-([0-9a-f-]{36})">(.*?)</article>', re.DOTALL)
ENDS = ("hand-back", "hand-back", "resolve", "transfer", "put-back")
AMONG_THEMSELVES = 0.25
NOTES = 0.35
CORRECTS = 0.3
ACTS_EVERY_S = (1.0, 4.0)
DELETES = 0.3


@dataclass
class Team:
    """Who works here, the group that all of them are in, and what is passed on to each."""

    members: dict[str, UUID]
    group: UUID
    passed: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Agent:
    name: str
    number: int
    town: Town
    random: Random
    email: str
    password: str
    team: Team
    _count: int = 0

    async def live(self) -> None:
        async with self.town.http(
            self.number, **{"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
        ) as http:
            form = {"email": self.email, "password": self.password}
            await insist(self.random, lambda: call(http, "POST", "/console/sign-in", data=form))
            watching = asyncio.create_task(self._watch(http))
            try:
                while not self.town.closing.is_set():
                    await self.town.think(self.random.uniform(*ACTS_EVERY_S))
                    with self.town.at_it():
                        await self._act(http)
            finally:
                watching.cancel()

    async def _watch(self, http: httpx.AsyncClient) -> None:
        """The console's stream, held open as the console does."""
        while True:
            try:
                async with http.stream("GET", "/console/live", timeout=httpx.Timeout(5, read=40)) as live:
                    async for _ in live.aiter_bytes():
                        pass
            except (httpx.HTTPError, httpx.StreamError):
                await asyncio.sleep(self.random.random() * 3)

    async def _act(self, http: httpx.AsyncClient) -> None:
        if self.town.closing.is_set():
            return
        try:
            if self.random.random() < AMONG_THEMSELVES:
                await self._write(http, f"/console/team/{self.team.group}", "messages", str(self.team.group))
            elif self.town.attended:
                mine = self.team.passed.get(self.email)
                await self._attend(http, mine.pop() if mine else self.random.choice(self.town.attended))
        except Refused as error:
            if error.status != 409:  # somebody else was faster
                self.town.refusals.append(str(error))

    async def _attend(self, http: httpx.AsyncClient, conversation: str) -> None:
        """Takes over, says a few things, perhaps notes something, and lets the conversation go again."""
        base = f"/console/conversations/{conversation}"
        await insist(self.random, lambda: call(http, "POST", f"{base}/take-over"))
        for _ in range(self.random.randint(1, 3)):
            if self.random.random() < TYPES:
                self.town.did["typing"] += 1
                await insist(
                    self.random, lambda: call(http, "POST", f"{base}/typing", data={"typing": "true"})
                )
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            await self._write(http, base, "messages", conversation)
        if self.random.random() < NOTES:
            await self._write(http, base, "notes", f"notes:{conversation}")
        await self._let_go(http, base, conversation)

    async def _let_go(self, http: httpx.AsyncClient, base: str, conversation: str) -> None:
        end = self.random.choice(ENDS)
        form = {"tab": "all"}
        if end == "transfer":
            other = self.random.choice([email for email in self.team.members if email != self.email])
            form["to"] = str(self.team.members[other])
            # Whatever becomes of the answer, the other one looks: what nobody has can be taken.
            self.team.passed.setdefault(other, []).append(conversation)
        await insist(self.random, lambda: call(http, "POST", f"{base}/{end}", data=form))
        self.town.did[end] += 1

    async def _write(self, http: httpx.AsyncClient, base: str, what: str, place: str) -> None:
        """Says something at `place`, as the judge calls it; now and then thinks better of it."""
        self._count += 1
        text = f"Let me look into that. ({self.name}-m{self._count:04})"
        form: dict[str, Any] = {"client_id": client_id(self.random), "text": text, "tab": "all"}
        if what == "notes" or "/team/" in base:
            del form["tab"]
        self.town.unsent += 1
        try:
            await insist(self.random, lambda: call(http, "POST", f"{base}/{what}", data=form))
            self.town.acks.append(Ack(self.name, place, form["client_id"], text))
            self.town.did["note" if what == "notes" else "team" if "/team/" in base else "reply"] += 1
            if self.random.random() < CORRECTS:
                await self._correct(http, base, self.town.acks[-1])
        finally:
            self.town.unsent -= 1

    async def _correct(self, http: httpx.AsyncClient, base: str, ack: Ack) -> None:
        """Finds the own message on the page, and says it otherwise or takes it away."""
        page = (await insist(self.random, lambda: call(http, "GET", base))).text
        found = [number for number, shown in SAID.findall(page) if f"{ack.text}</div>" in shown]
        if not found:
            self.town.refusals.append(f"{ack.text!r} is acknowledged, and is not on the page")
            return
        at = f"/console/messages/{found[0]}"
        if self.random.random() < DELETES:
            await insist(self.random, lambda: call(http, "POST", f"{at}/delete"))
            self.town.changes.append(Change(ack.client_id, ""))
            self.town.did["delete"] += 1
        else:
            form = {"client_id": client_id(self.random), "text": f"{ack.text} Corrected."}
            await insist(self.random, lambda: call(http, "POST", f"{at}/edit", data=form))
            self.town.changes.append(Change(ack.client_id, form["text"]))
            self.town.did["edit"] += 1
