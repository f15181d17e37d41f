"""The console's one stream: says that something changed, and carries the words of the answer in flight.

It also keeps the member present: who has the console open is somebody whom visitors can reach.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromQuery
from litestar.status_codes import HTTP_204_NO_CONTENT
from litestar.types import ASGIApp, ControllerRouterHandler

from app.conversations import messaging
from app.conversations.stream import Frame
from app.kit.errors import Unauthorised
from app.realtime import topics
from app.realtime.caps import Reader
from app.realtime.drafts import Draft
from app.realtime.hub import Mailbox
from app.tenancy.members import SignedIn, seen
from app.web.console.identity import AnyRequest, NeedsDesk, address, identify
from app.web.runtime import NeedsRuntime, Runtime
from app.web.sse import event_stream

BEAT_S = 20.0
# At most twenty times a second, however fast the words come.
PAUSE_S = 0.05


@get("/live")
async def live(
    request: AnyRequest, runtime: NeedsRuntime, conversation: FromQuery[UUID | None] = None
) -> ASGIApp:
    member = await _present(request, runtime)
    runtime.limits.count(f"live:{member.id}", most=120, per_s=60)
    if conversation is not None:
        async with runtime.database.transaction(member.org_id) as session:
            await messaging.get(session, conversation)
    reader = Reader(member.org_id, member.id, address(request))
    return event_stream(Watch(request, runtime, member, conversation).frames(), runtime.streams.hold(reader))


@get("/alive", status_code=HTTP_204_NO_CONTENT)
async def alive(desk: NeedsDesk) -> None:
    """For consoles that can hold no stream: they ask now and then."""
    await seen(desk.session, desk.member.id)


async def _present(request: AnyRequest, runtime: Runtime) -> SignedIn:
    """Who is signed in, noted as being there. Raises Unauthorised once the session has ended."""
    async with runtime.database.transaction(None) as session:
        member = await identify(session, request)
        await seen(session, member.id)
        return member


@dataclass
class Watch:
    """One open console. `conversation_id` is the one on screen, checked to be the organisation's."""

    request: AnyRequest
    runtime: Runtime
    member: SignedIn
    conversation_id: UUID | None
    _sent: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    async def frames(self) -> AsyncIterator[Frame]:
        kinds = self._topics()
        with self.runtime.hub.watch(self.member.org_id, list(kinds)) as mailbox:
            yield _frame("ready", {})
            async for frame in self._until_closing(mailbox, kinds):
                yield frame
            yield _frame("reconnect", {"after_ms": mailbox.closing or 0})

    def _topics(self) -> dict[str, Callable[[], list[Frame]]]:
        """What is watched, and what is said when it has changed."""
        org_id, conversation_id = self.member.org_id, self.conversation_id
        watched: dict[str, Callable[[], list[Frame]]] = {
            topics.member(self.member.id): list,
            topics.inbox(org_id): lambda: [_frame("inbox.changed", {})],
            topics.knowledge(org_id): lambda: [_frame("knowledge.changed", {})],
        }
        if conversation_id is not None:
            changed = _frame("conversation.changed", {"id": str(conversation_id)})
            watched[topics.conversation(conversation_id)] = lambda: [changed]
            watched[topics.drafts(conversation_id)] = self._deltas
        return watched

    async def _until_closing(
        self, mailbox: Mailbox, kinds: dict[str, Callable[[], list[Frame]]]
    ) -> AsyncIterator[Frame]:
        for frame in self._deltas():
            yield frame
        beat = time.monotonic()
        while mailbox.closing is None:
            changed = await mailbox.changed(within_s=max(0.0, beat + BEAT_S - time.monotonic()))
            for topic in sorted(changed):
                for frame in kinds[topic]():
                    yield frame
            if topics.member(self.member.id) in changed or time.monotonic() - beat >= BEAT_S:
                beat = time.monotonic()
                await self._still_allowed()
            await asyncio.sleep(PAUSE_S)

    async def _still_allowed(self) -> None:
        if (await _present(self.request, self.runtime)).org_id != self.member.org_id:
            raise Unauthorised

    def _deltas(self) -> list[Frame]:
        if self.conversation_id is None:
            return []
        drafts = self.runtime.drafts.of(self.conversation_id)
        self._sent = {message_id: sent for message_id, sent in self._sent.items() if message_id in drafts}
        return [frame for message_id, draft in drafts.items() for frame in self._delta(message_id, draft)]

    def _delta(self, message_id: UUID, draft: Draft) -> list[Frame]:
        """What is new of an answer. Its beginning is sent to each stream, so that none depends on another."""
        attempt, offset = self._sent.get(message_id, (draft.attempt, 0))
        start = offset if attempt == draft.attempt else 0
        self._sent[message_id] = (draft.attempt, len(draft.text))
        about: dict[str, Any] = {"message": str(message_id), "attempt": draft.attempt}
        if not draft.text:
            return [_frame("answer.progress", about | {"pages": draft.pages})]
        if start >= len(draft.text):
            return []
        return [_frame("answer.delta", about | {"offset": start, "text": draft.text[start:]})]


def _frame(kind: str, data: dict[str, Any]) -> Frame:
    return Frame(kind, {"kind": kind, "data": data})


handlers: list[ControllerRouterHandler] = [live, alive]
