"""The events of a conversation: a JSON page, or a live stream of the same events.

A stream lives for hours, so neither form uses the request's transaction: each opens short ones of its own.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, Parameter
from litestar.types import ASGIApp

from app.conversations import views
from app.conversations.frames import Position
from app.conversations.messaging import ConversationUnknown
from app.conversations.stream import PAGE, Follower
from app.kit.errors import Invalid
from app.realtime import presence, topics
from app.realtime.caps import Reader, TooManyStreams
from app.visitors.sessions import KnownVisitor
from app.web.refusals import VISITOR, refusals
from app.web.runtime import NeedsRuntime, Runtime
from app.web.sse import event_stream
from app.web.widget.conversations import owned
from app.web.widget.identity import AnyRequest, Visit, address, identify
from app.web.widget.schemas import EventPage

MAX_SEQ = 2**62
LIVE = """
The JSON form is a page: ask again with the last `seq` while `more` is true. With `Accept: text/event-stream` the
events come as they happen: `event` is the kind, `data` the event as JSON, `id` is sent back as `Last-Event-ID` to
go on from there. A position beyond the end, of another conversation, or from before a backup was restored is answered
with `reset`; one that no stream has sent is refused. The server's clock is the only one: yours may be wrong.

Stored, with an id: `message.posted` and `message.updated` (a message; the update replaces it by `id`, and one with
`deleted_at` has no text any more),
`conversation.updated` (status and assignee), `read.updated` (who has read up to which `seq`).

Live only, without an id: `ready` (the stream has begun; `head` is the last event there is), `reset` (the position is
of no use: fetch the conversation anew), `answer.progress` (how many pages are being read), `answer.delta` (more of an
answer: `text` stands at `offset`, counted in Unicode code points), `typing` (`names` of everybody of the staff who
types now, empty once nobody does), `presence` (`online`: whether somebody of the staff can be reached now),
`reconnect` (come back after `after_ms`).

Ignore kinds that you do not know.
"""


class PositionInvalid(Invalid):
    """`after` takes a sequence number, Last-Event-ID what the stream sent as id, `epoch:seq`."""

    code = "position_invalid"
    title = "Unusable position"


@get(
    "/v1/conversations/{conversation_id:uuid}/events",
    summary="Events after `after`; with Accept: text/event-stream, live",
    description=LIVE,
    tags=["Visitor"],
    security=[{"visitor": []}],
    responses={200: ResponseSpec(EventPage, description="A page of events.", generate_examples=False)}
    | refusals(*VISITOR, ConversationUnknown, PositionInvalid, TooManyStreams),
)
async def events(
    request: AnyRequest,
    runtime: NeedsRuntime,
    conversation_id: FromPath[UUID],
    after: Annotated[
        int, Parameter(ge=0, le=MAX_SEQ, description="The last event that you have applied")
    ] = 0,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="The last id that the stream has sent")
    ] = None,
) -> ASGIApp:
    runtime.limits.count(f"address:{address(request)}", most=600, per_s=60)
    if "text/event-stream" not in request.headers.get("accept", ""):
        page = await _page(request, runtime, conversation_id, after)
        return Response(page).to_asgi_response(app=None, request=request)
    visitor = await visitor_of(request, runtime, conversation_id)

    async def still_allowed() -> None:
        await visitor_of(request, runtime, conversation_id)

    follower = Follower(
        runtime.database,
        runtime.hub,
        runtime.drafts,
        runtime.presence,
        visitor.org_id,
        conversation_id,
        visitor=presence.visitor(visitor.id, visitor.name),
        access=topics.visitor(visitor.id),
        access_head=visitor.sessions,
        still_allowed=still_allowed,
    )
    frames = follower.frames(position(last_event_id, after))
    reader = Reader(visitor.org_id, visitor.id, address(request))
    return event_stream(frames, runtime.streams.hold(reader))


def position(last_event_id: str | None, after: int) -> Position:
    """Where a reader wants to go on. Raises PositionInvalid for what no stream of ours has sent."""
    if not last_event_id:
        return Position(after)
    epoch, _, seq = last_event_id.rpartition(":")
    if not epoch or not seq.isascii() or not seq.isdigit() or int(seq) > MAX_SEQ:
        raise PositionInvalid
    return Position(int(seq), epoch)


async def visitor_of(request: AnyRequest, runtime: Runtime, conversation_id: UUID) -> KnownVisitor:
    """The visitor, whose conversation it is. Raises ConversationUnknown, TokenInvalid, TokenExpired."""
    async with runtime.database.transaction(None) as session:
        visit = Visit(session, await identify(session, request))
        await owned(visit, conversation_id)
        return visit.visitor


async def _page(request: AnyRequest, runtime: Runtime, conversation_id: UUID, after: int) -> EventPage:
    async with runtime.database.transaction(None) as session:
        visit = Visit(session, await identify(session, request))
        conversation = await owned(visit, conversation_id)
        found = await views.events_after(session, conversation_id, after, PAGE)
        page = {
            "events": found,
            "head": max(conversation.last_seq, found[-1]["seq"] if found else 0),
            "epoch": await views.epoch(session, conversation_id),
            "more": len(found) == PAGE,
        }
    return msgspec.convert(page, EventPage)
