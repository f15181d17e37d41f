"""Those who only look on: visitors with many pages open, each of which holds a stream, so that there are hundreds."""

import asyncio
from dataclasses import dataclass
from random import Random

from bench.soaking.client import Follower, call
from bench.soaking.judge import Ack
from bench.soaking.people import Town, client_id, insist

# One visitor may hold twelve; a page that comes back may find its last stream not yet given up.
PAGES_EACH = 9
SPEAKS_EVERY_S = (15.0, 45.0)
# People come one after the other, not all in the same instant.
ARRIVE_WITHIN_S = 6.0


@dataclass
class Onlooker:
    """A visitor with `pages` open, who says something now and then: each page has to show it."""

    name: str
    number: int
    town: Town
    random: Random
    pages: int = PAGES_EACH
    _count: int = 0

    async def live(self) -> None:
        await asyncio.sleep(self.random.uniform(0, ARRIVE_WITHIN_S))
        async with self.town.http(self.number) as http:
            conversation = await self.town.begin(http, self.random)
            pages = [Follower(http, conversation, self.random) for _ in range(self.pages)]
            self.town.followers += pages
            following = [asyncio.create_task(page.run()) for page in pages]
            try:
                while not self.town.closing.is_set():
                    with self.town.at_it():
                        await self._speak(pages[0])
                    await self.town.think(self.random.uniform(*SPEAKS_EVERY_S))
                await asyncio.gather(*following)
            finally:
                for task in following:
                    task.cancel()

    async def _speak(self, page: Follower) -> None:
        self._count += 1
        text = f"Thank you! ({self.name}-m{self._count:04})"
        body = {"client_id": client_id(self.random), "text": text}
        self.town.unsent += 1
        answer = await insist(
            self.random, lambda: call(page.http, "POST", f"{page.path}/messages", json=body)
        )
        self.town.unsent -= 1
        self.town.acks.append(
            Ack(self.name, page.conversation, body["client_id"], text, answer.json()["seq"])
        )


def audience(streams: int, town: Town, seed: int) -> list[Onlooker]:
    """As many onlookers as hold so many streams together."""
    sizes = [min(PAGES_EACH, streams - begun) for begun in range(0, streams, PAGES_EACH)]
    return [
        Onlooker(f"o{number:02}", 2000 + number, town, Random(f"{seed}/o{number}"), pages)  # noqa: S311
        for number, pages in enumerate(sizes)
    ]
