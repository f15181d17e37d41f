"""The inbox: its list, a conversation beside it, and what a member does with one."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, Parameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.conversations import messaging
from app.conversations.attachments import MOST as MOST_FILES
from app.conversations.files import TAKEN
from app.conversations.inbox import counts, tab_of
from app.conversations.models import Conversation
from app.handoff import queue
from app.handoff.replies import reply
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, identify
from app.web.console.listing import MOST, STEP, listing_of
from app.web.console.pages import desk_page, from_htmx
from app.web.console.sent import Place, TabName, sent_reply
from app.web.console.talk import Here, talk_of
from app.web.runtime import NeedsRuntime, Runtime

Limit = Annotated[int, Parameter(ge=1, le=MOST)]


class Transfer(Place, kw_only=True):
    """`to` is the member to whom the conversation is passed on."""

    to: UUID


class Read(msgspec.Struct):
    seq: Annotated[int, msgspec.Meta(ge=0)]


# What a member does with a conversation as it stands, with nothing to be said for it.
VERBS = {
    "hand-back": queue.hand_back,
    "put-back": queue.put_back,
    "resolve": queue.resolve,
    "spam": queue.put_away,
}
PlaceForm = Annotated[Place, Body(media_type=RequestEncodingType.URL_ENCODED)]
TransferForm = Annotated[Transfer, Body(media_type=RequestEncodingType.URL_ENCODED)]
ReadForm = Annotated[Read, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/")
async def home() -> Redirect:
    return Redirect("/console/inbox")


@get("/inbox")
async def inbox_page(
    request: AnyRequest, desk: NeedsDesk, tab: FromQuery[TabName] = "waiting", limit: Limit = STEP
) -> Template:
    known = await counts(desk.session, desk.member.id)
    listing = await listing_of(desk.session, desk.member.id, known, tab=tab, limit=limit)
    address = f"/console/inbox?tab={tab}" + _more(limit)
    return await desk_page(request, desk, "inbox.html", known, address=address, listing=listing)


class TalkDoor(Controller):
    path = "/conversations/{conversation_id:uuid}"

    @get("/")
    async def read_one(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
        tab: FromQuery[TabName | None] = None,
        limit: Limit = STEP,
        edit: FromQuery[UUID | None] = None,
    ) -> Template:
        conversation = await messaging.get(desk.session, conversation_id)
        return await _talk_page(request, desk, runtime, conversation, tab=tab, limit=limit, edit=edit)

    @post("/take-over")
    async def take_over(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
    ) -> Response[Any]:
        conversation = await queue.claim(desk.session, conversation_id, desk.member)
        return await _done(request, desk, runtime, conversation, tab="mine")

    @post([f"/{verb}" for verb in VERBS])
    async def change_hands(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
        data: PlaceForm,
    ) -> Response[Any]:
        verb = VERBS[request.url.path.rstrip("/").rpartition("/")[2]]
        conversation = await verb(desk.session, conversation_id, desk.member)
        return await _done(request, desk, runtime, conversation, tab=data.tab)

    @post("/transfer")
    async def transfer(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
        data: TransferForm,
    ) -> Response[Any]:
        conversation = await queue.transfer(desk.session, conversation_id, desk.member, data.to)
        return await _done(request, desk, runtime, conversation, tab=data.tab)

    @post("/messages", request_max_body_size=None)
    async def write(
        self, request: AnyRequest, runtime: NeedsRuntime, conversation_id: FromPath[UUID]
    ) -> Response[Any]:
        """No transaction is held while files arrive, and no more is read than they may have."""
        async with runtime.database.transaction(None) as session:
            member = await identify(session, request)
            queue.check_yours(await messaging.get(session, conversation_id), member)
        data, files = await sent_reply(request, limit=runtime.settings.attachment_limit)
        async with runtime.database.transaction(member.org_id) as session:
            await reply(
                session, conversation_id, member, client_id=data.client_id, text=data.text, files=files
            )
            conversation = await messaging.get(session, conversation_id)
            return await _done(request, Desk(session, member), runtime, conversation, tab=data.tab)

    @post("/read", status_code=HTTP_204_NO_CONTENT)
    async def mark_read(self, desk: NeedsDesk, conversation_id: FromPath[UUID], data: ReadForm) -> None:
        """Only who has the conversation reads it for the visitor; looking in on the assistant is no receipt."""
        queue.check_yours(await messaging.get(desk.session, conversation_id), desk.member)
        await messaging.mark_read(desk.session, conversation_id, side="staff", seq=data.seq)


async def _done(
    request: AnyRequest, desk: Desk, runtime: Runtime, conversation: Conversation, *, tab: TabName | None
) -> Response[Any]:
    """The page as it is now; without scripts, by going there."""
    if from_htmx(request):
        return await _talk_page(request, desk, runtime, conversation, tab=tab, limit=STEP)
    return Redirect(_address(conversation.id, tab), status_code=HTTP_303_SEE_OTHER)


async def _talk_page(
    request: AnyRequest,
    desk: Desk,
    runtime: Runtime,
    conversation: Conversation,
    *,
    tab: TabName | None,
    limit: int,
    edit: UUID | None = None,
) -> Template:
    shown = tab or tab_of(conversation, desk.member.id)
    here = Here(
        await runtime.presence.online_ids(desk.member.org_id),
        await runtime.presence.is_on_page(conversation.id),
    )
    drafts = runtime.drafts.of(conversation.id)
    talk = await talk_of(desk.session, conversation, drafts, here, member=desk.member)
    known = await counts(desk.session, desk.member.id)
    address = _address(conversation.id, shown) + _more(limit) + (f"&edit={edit}" if edit else "")
    return await desk_page(
        request,
        desk,
        "inbox.html",
        known,
        address=address,
        headers={} if request.method == "GET" else {"HX-Replace-Url": address},
        listing=await listing_of(desk.session, desk.member.id, known, tab=shown, limit=limit),
        talk=talk,
        agent_timeout=runtime.settings.agent_timeout_min,
        editing=str(edit),
        most_files=MOST_FILES,
        file_limit=runtime.settings.attachment_limit,
        file_types=TAKEN,
    )


def _address(conversation_id: UUID, tab: str | None) -> str:
    return f"/console/conversations/{conversation_id}" + (f"?tab={tab}" if tab else "")


def _more(limit: int) -> str:
    return f"&limit={limit}" if limit != STEP else ""


handlers: list[ControllerRouterHandler] = [home, inbox_page, TalkDoor]
