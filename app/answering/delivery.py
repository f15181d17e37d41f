"""Brings an answer into its conversation while it is being made.

What is new reaches the open widgets through the drafts, at once and then at most 20 times a second; twice a second the
text is stored, which also tells whether the conversation is still the assistant's. Where it is not, the answer stops
and nothing more is written. Where many answers are made at a time, each is shown and stored less often.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self
from uuid import UUID

from app.answering.steps import Done, Reading, Step, Text
from app.conversations.answers import OpenAnswer, checkpoint
from app.kit.db import Database
from app.kit.failures import database_is_away
from app.realtime.drafts import Draft, Drafts

log = logging.getLogger(__name__)

SHOW_EVERY_S = 0.05
# All answers of this process together are shown no more often than this.
SHOWN_A_SECOND = 200
SHOWN_UNTIL_STORED = 10


class Delivery:
    def __init__(self, database: Database, drafts: Drafts, org_id: UUID, opened: OpenAnswer) -> None:
        self._database = database
        self._drafts = drafts
        self._org_id = org_id
        self._opened = opened
        self._text = ""
        self._pages = 0
        self._due = 0.0

    async def __aenter__(self) -> Self:
        self._show()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drafts.drop(self._opened.conversation_id, self._opened.message_id)

    async def of(self, steps: AsyncGenerator[Step]) -> Done | None:
        """Delivers the steps; returns how they ended, or None where the answer may no longer be written."""
        writer = asyncio.create_task(self._follow(steps))
        try:
            while not writer.done():
                await asyncio.wait({writer}, timeout=SHOWN_UNTIL_STORED * self._pace())
                if not writer.done() and not await self._store():
                    return None
        finally:
            await _stop(writer)
        try:
            return writer.result()
        except Exception as error:  # the visitor always gets an end, and a way to try again
            if database_is_away(error):
                raise  # nothing can be stored now: the job is tried again, and the answer written anew
            log.exception("An answer broke off")
            return Done(self._text, None, "interrupted")

    async def _follow(self, steps: AsyncGenerator[Step]) -> Done:
        async for step in steps:
            match step:
                case Reading(pages):
                    self._pages = pages
                    self._show()
                case Text(delta):
                    # What the model writes meanwhile comes in one piece then.
                    await asyncio.sleep(self._due - asyncio.get_running_loop().time())
                    self._due = asyncio.get_running_loop().time() + self._pace()
                    self._text += delta
                    self._show()
                case Done():
                    return step
        raise RuntimeError("The answer ended without saying so.")

    def _pace(self) -> float:
        """Seconds from one time that the text is shown to the next."""
        return max(SHOW_EVERY_S, self._drafts.in_flight / SHOWN_A_SECOND)

    def _show(self) -> None:
        draft = Draft(self._opened.attempt, self._text, self._pages)
        self._drafts.put(self._opened.conversation_id, self._opened.message_id, draft)

    async def _store(self) -> bool:
        async with self._database.statements(self._org_id) as session:
            return await checkpoint(session, self._opened, self._text)


async def _stop(task: "asyncio.Task[Done]") -> None:
    """Cancels what has not ended, and waits for its end whatever comes: what it reads from is closed next.

    What it ended with is read by who wants to know.
    """
    task.cancel()
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            interrupted = error
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it a second time
    if interrupted:
        raise interrupted
