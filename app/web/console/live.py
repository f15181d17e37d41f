"""The console's one stream: says that something changed, and carries what is stored nowhere: the words of answers in
flight, who types, who looks at a conversation, who is there.

It also keeps the member present: who has the console open is somebody whom visitors can reach.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.status_codes import HTTP_204_NO_CONTENT
from litestar.types import ASGIApp, ControllerRouterHandler
from sqlalchemy import func, select

from app.conversations.frames import Deltas, Frame, Latest
from app.conversations.messaging import ConversationUnknown
from app.conversations.models import Conversation
from app.conversations.participants import seen_by, visible
from app.handoff import queue
from app.kit.errors import Invalid, Unauthorised
from app.realtime import presence, topics
from app.realtime.attendance import Person
from app.realtime.caps import Reader
from app.realtime.hub import Mailbox
from app.tenancy.members import SignedIn, seen
from app.web.console.identity import AnyRequest, NeedsDesk, address, identify
from app.web.runtime import NeedsRuntime, Runtime
from app.web.sse import event_stream

BEAT_S = 20.0
# At most twenty times a second, however fast the words come.
PAUSE_S = 0.05
# One stream serves all tabs of a browser.
MOST_CONVERSATIONS = 24
AROUND = ("online", "typing", "viewing")


class TooManyConversations(Invalid):
    """One stream follows so many conversations and no more. Close some tabs."""

    code = "too_many_conversations"
    title = "Too many conversations"


class Typing(msgspec.Struct):
    typing: bool


TypingForm = Annotated[Typing, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/live")
async def live(
    request: AnyRequest, runtime: NeedsRuntime, conversation: FromQuery[list[UUID] | None] = None
) -> ASGIApp:
    member = await _present(request, runtime)
    runtime.limits.count(f"live:{member.id}", most=120, per_s=60)
    wanted = frozenset(conversation or ())
    await _check(runtime, member, wanted)
    reader = Reader(member.org_id, member.id, address(request))
    return event_stream(Watch(request, runtime, member, wanted).frames(), runtime.streams.hold(reader))


@get("/alive", status_code=HTTP_204_NO_CONTENT)
async def alive(desk: NeedsDesk, runtime: NeedsRuntime) -> None:
    """For consoles that can hold no stream: they ask now and then."""
    await seen(desk.session, desk.member.id)
    runtime.presence.polls(desk.member.org_id, presence.agent(desk.member.id, desk.member.name))


@post("/conversations/{conversation_id:uuid}/typing", status_code=HTTP_204_NO_CONTENT)
async def typing(
    desk: NeedsDesk, runtime: NeedsRuntime, conversation_id: FromPath[UUID], data: TypingForm
) -> None:
    """Towards a visitor, only who has the conversation types. What is said too often is passed over in silence."""
    member = presence.agent(desk.member.id, desk.member.name)
    if not data.typing:
        runtime.presence.stop_typing(conversation_id, member)
    elif runtime.limits.allows(f"typing:{desk.member.id}", most=120, per_s=60):
        conversation = await desk.session.scalar(seen_by(desk.session, desk.member.id, conversation_id))
        if conversation is None:
            raise ConversationUnknown
        if conversation.kind == "visitor":
            queue.check_yours(conversation, desk.member)
        runtime.presence.type(conversation_id, member)


async def _present(request: AnyRequest, runtime: Runtime) -> SignedIn:
    """Who is signed in, noted as being there. Raises Unauthorised once the session has ended."""
    async with runtime.database.transaction(None) as session:
        member = await identify(session, request)
        await seen(session, member.id)
        return member


async def _check(runtime: Runtime, member: SignedIn, wanted: frozenset[UUID]) -> None:
    """Raises TooManyConversations, or ConversationUnknown unless the member may see all of these."""
    if len(wanted) > MOST_CONVERSATIONS:
        raise TooManyConversations(
            f"One stream follows at most {MOST_CONVERSATIONS} conversations; {len(wanted)} were asked for. "
            "Close some tabs."
        )
    if wanted:
        async with runtime.database.transaction(member.org_id) as session:
            known = select(func.count()).where(visible(session, member.id), Conversation.id.in_(wanted))
            if await session.scalar(known) != len(wanted):
                raise ConversationUnknown


@dataclass
class Watch:
    """One open console. `conversations` are those on its screens, which the member may see."""

    request: AnyRequest
    runtime: Runtime
    member: SignedIn
    conversations: frozenset[UUID]

    async def frames(self) -> AsyncIterator[Frame]:
        kinds = self._topics()
        org_id, me = self.member.org_id, presence.agent(self.member.id, self.member.name)
        with (
            self.runtime.hub.watch(org_id, list(kinds)) as mailbox,
            self.runtime.presence.at_console(org_id, me, self.conversations),
        ):
            yield _frame("ready", {})
            async for frame in self._until_closing(mailbox, kinds):
                yield frame
            yield _frame("reconnect", {"after_ms": mailbox.closing or 0})

    def _topics(self) -> dict[str, Callable[[], list[Frame]]]:
        """What is watched, and what is said when it has changed."""
        org_id = self.member.org_id
        watched: dict[str, Callable[[], list[Frame]]] = {
            topics.member(self.member.id): list,
            topics.inbox(org_id): lambda: [_frame("inbox.changed", {})],
            topics.team(self.member.id): lambda: [_frame("team.changed", {})],
            topics.knowledge(org_id): lambda: [_frame("knowledge.changed", {})],
            topics.online(org_id): self._teller("presence", self._online),
        }
        for conversation_id in self.conversations:
            watched |= self._topics_of(conversation_id)
        return watched

    def _topics_of(self, conversation_id: UUID) -> dict[str, Callable[[], list[Frame]]]:
        nobody = {"conversation": str(conversation_id), "names": list[str]()}
        return {
            topics.conversation(conversation_id): partial(_changed, conversation_id),
            topics.drafts(conversation_id): partial(_words, Deltas(self.runtime.drafts, conversation_id)),
            topics.typing(conversation_id): self._teller(
                "typing", partial(self._typing, conversation_id), told=nobody
            ),
            topics.viewing(conversation_id): self._teller("viewing", partial(self._viewing, conversation_id)),
        }

    def _teller(
        self, kind: str, look: Callable[[], dict[str, Any]], told: dict[str, Any] | None = None
    ) -> Callable[[], list[Frame]]:
        latest = Latest(kind, look, told)
        return lambda: [_frame(frame.kind, frame.data) for frame in latest.new()]

    def _online(self) -> dict[str, Any]:
        return {"members": [person.id for person in self.runtime.presence.online(self.member.org_id)]}

    def _typing(self, conversation_id: UUID) -> dict[str, Any]:
        others = self._others(self.runtime.presence.typing(conversation_id))
        return {"conversation": str(conversation_id), "names": [person.name for person in others]}

    def _viewing(self, conversation_id: UUID) -> dict[str, Any]:
        others = self._others(self.runtime.presence.looking(conversation_id))
        return {
            "conversation": str(conversation_id),
            "members": [
                {"id": person.id, "name": person.name} for person in others if person.kind == "agent"
            ],
            "visitor": any(person.kind == "visitor" for person in others),
        }

    def _others(self, people: list[Person]) -> list[Person]:
        return [person for person in people if person.id != str(self.member.id)]

    async def _until_closing(
        self, mailbox: Mailbox, kinds: dict[str, Callable[[], list[Frame]]]
    ) -> AsyncIterator[Frame]:
        around = [topic for topic in kinds if topic.partition(":")[0] in AROUND]
        await self.runtime.presence.attendance.settle(*around)
        for topic in [*map(topics.drafts, self.conversations), *around]:
            for frame in kinds[topic]():
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
        await _check(self.runtime, self.member, self.conversations)


def _changed(conversation_id: UUID) -> list[Frame]:
    return [_frame("conversation.changed", {"conversation": str(conversation_id)})]


def _words(deltas: Deltas) -> list[Frame]:
    about = {"conversation": str(deltas.conversation_id)}
    return [_frame(frame.kind, about | frame.data) for frame in deltas.new()]


def _frame(kind: str, data: dict[str, Any]) -> Frame:
    return Frame(kind, {"kind": kind, "data": data})


handlers: list[ControllerRouterHandler] = [live, alive, typing]
