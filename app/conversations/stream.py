"""A conversation as a live stream: what the reader has missed, then what happens, until the reader leaves.

Register first, read second: what is committed between the two is read twice by nobody and missed by nobody.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from itertools import chain
from typing import TypeVar
from uuid import UUID

from app.conversations.frames import Deltas, Frame, Latest, Position
from app.conversations.messaging import get
from app.conversations.views import View, epoch, events_after
from app.kit.db import Database, Transaction
from app.kit.failures import database_is_away
from app.realtime import topics
from app.realtime.attendance import Person
from app.realtime.drafts import Drafts
from app.realtime.hub import Hub, Mailbox
from app.realtime.presence import Presence

PAGE = 200
RECHECK_S = 60.0
# How long a stream outlives its database, and how often it looks for it.
PATIENCE_S = 20.0
RETRY_S = 0.5

Result = TypeVar("Result")


@dataclass
class Follower:
    """One reader of one conversation.

    `still_allowed` raises when access has ended. It is asked every minute, and at once when the topic `access` changes
    from `access_head`.
    """

    database: Database
    hub: Hub
    drafts: Drafts
    presence: Presence
    org_id: UUID
    conversation_id: UUID
    _: KW_ONLY
    visitor: Person
    access: str
    access_head: object
    still_allowed: Callable[[], Awaitable[None]]

    async def frames(self, since: Position) -> AsyncIterator[Frame]:
        of = self.conversation_id
        watched = [topics.conversation(of), topics.drafts(of), self.access, *self._around()]
        with (
            self.hub.watch(self.org_id, watched) as mailbox,
            self.presence.on_page(of, self.visitor),
        ):
            opening = partial(self._opening, since.seq)
            head, now_epoch, missed = await _patiently(opening, mailbox)
            self.hub.know(topics.conversation(of), head, mailbox)
            self.hub.know(self.access, self.access_head, mailbox)
            if since.seq > head or since.epoch not in {None, now_epoch}:
                yield Frame("reset", {})
                since, missed = Position(head), []
            async for frame in self._live(mailbox, Position(since.seq, now_epoch), missed):
                yield frame

    async def _live(self, mailbox: Mailbox, since: Position, missed: list[View]) -> AsyncIterator[Frame]:
        async for frame in self._events(since, mailbox, missed):
            since = frame.position or since
            yield frame
        yield Frame("ready", {"head": since.seq})
        tellers = await self._tellers()
        for frame in _news(tellers):
            yield frame
        checked = time.monotonic()
        while mailbox.closing is None:
            changed = await mailbox.changed(within_s=max(0.0, checked + RECHECK_S - time.monotonic()))
            if self.access in changed or time.monotonic() >= checked + RECHECK_S:
                await _patiently(self.still_allowed, mailbox)
                checked = time.monotonic()
            if topics.conversation(self.conversation_id) in changed:
                async for frame in self._events(since, mailbox):
                    since = frame.position or since
                    yield frame
            for frame in _news(tellers):
                yield frame
        yield Frame("reconnect", {"after_ms": mailbox.closing})

    def _around(self) -> list[str]:
        return [topics.typing(self.conversation_id), topics.online(self.org_id)]

    async def _tellers(self) -> list[Deltas | Latest]:
        """What is told beside the events: words of answers, who types, and whether somebody can be reached."""
        await self.presence.attendance.settle(*self._around())
        return [
            Deltas(self.drafts, self.conversation_id),
            Latest("typing", self._typing, told={"names": []}),
            Latest("presence", lambda: {"online": bool(self.presence.online(self.org_id))}),
        ]

    def _typing(self) -> dict[str, list[str]]:
        others = self.presence.typing(self.conversation_id)
        return {"names": [person.name for person in others if person.kind == "agent"]}

    async def _opening(self, after: int) -> tuple[int, str, list[View]]:
        """The head, the epoch, and the first page after `after`: hundreds come at once when a line breaks."""
        async with self.database.transaction(self.org_id) as session:
            head = (await get(session, self.conversation_id)).last_seq
            page = await self._read(session, after) if after < head else []
            return head, await epoch(session, self.conversation_id), page

    async def _events(
        self, since: Position, mailbox: Mailbox, page: list[View] | None = None
    ) -> AsyncIterator[Frame]:
        """What comes after `since`, of which the first page may be known."""
        while True:
            if page is None:
                page = await _patiently(partial(self._shared_page, since.seq), mailbox)
            for view in page:
                since = Position(view["seq"], since.epoch)
                yield Frame(view["kind"], view, since)
            if len(page) < PAGE:
                return
            page = None

    async def _shared_page(self, after: int) -> list[View]:
        return await self.hub.reads.share((self.conversation_id, after), partial(self._page, after))

    async def _page(self, after: int) -> list[View]:
        """Read once for all who follow this conversation in this process."""
        async with self.database.reading(self.org_id) as session:
            return await self._read(session, after)

    async def _read(self, session: Transaction, after: int) -> list[View]:
        return await events_after(session, self.conversation_id, after, PAGE)


def _news(tellers: Sequence[Deltas | Latest]) -> Iterator[Frame]:
    return chain.from_iterable(teller.new() for teller in tellers)


async def _patiently(read: Callable[[], Awaitable[Result]], mailbox: Mailbox) -> Result:
    """While the database restarts a stream waits for it, rather than having all its readers come back at once."""
    began = time.monotonic()
    while True:
        try:
            return await read()
        except Exception as error:
            patient = mailbox.closing is None and time.monotonic() - began < PATIENCE_S
            if not patient or not database_is_away(error):
                raise
        await asyncio.sleep(RETRY_S)
