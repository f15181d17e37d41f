"""Team: members among themselves, in channels, groups and conversations of two."""

from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
from litestar import Controller, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, Parameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.conversations.inbox import counts
from app.staff import changing, starting, taking_part
from app.tenancy.members import colleagues
from app.web.console.colleagues import MOST, STEP, room_of, thread_of
from app.web.console.identity import AnyRequest, Desk, NeedsDesk
from app.web.console.pages import desk_page
from app.web.runtime import NeedsRuntime, Runtime

HOME = "/console/team"
Limit = Annotated[int, Parameter(ge=1, le=MOST)]
Since = Annotated[int | None, Parameter(ge=0, le=2**62)]


class Words(msgspec.Struct, kw_only=True):
    client_id: UUID = msgspec.field(default_factory=uuid4)
    text: str


class Named(msgspec.Struct):
    """A form with one box ticked sends one member, with several a list of them."""

    client_id: UUID = msgspec.field(default_factory=uuid4)
    title: str = ""
    members: list[UUID] | UUID = msgspec.field(default_factory=list)

    @property
    def chosen(self) -> list[UUID]:
        return [self.members] if isinstance(self.members, UUID) else self.members


class Muted(msgspec.Struct):
    muted: bool = True


class Read(msgspec.Struct):
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


WordsForm = Annotated[Words, Body(media_type=RequestEncodingType.URL_ENCODED)]
NamedForm = Annotated[Named, Body(media_type=RequestEncodingType.URL_ENCODED)]
MutedForm = Annotated[Muted, Body(media_type=RequestEncodingType.URL_ENCODED)]
ReadForm = Annotated[Read, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/team")
async def team_page(request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime) -> Template:
    return await _page(request, desk, runtime, "team.html", address=HOME, thread=None)


@get("/team/new")
async def new_page(request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime) -> Template:
    others = [other for other in await colleagues(desk.session) if other.id != desk.member.id]
    return await _page(
        request,
        desk,
        runtime,
        "team_new.html",
        address=f"{HOME}/new",
        thread=None,
        others=others,
        group_id=uuid4(),
        channel_id=uuid4(),
    )


@post("/team/groups")
async def start_group(desk: NeedsDesk, data: NamedForm) -> Redirect:
    group = await starting.start_group(
        desk.session, desk.member, client_id=data.client_id, title=data.title, member_ids=data.chosen
    )
    return _to(group.id)


@post("/team/channels")
async def create_channel(desk: NeedsDesk, data: NamedForm) -> Redirect:
    channel = await starting.create_channel(
        desk.session, desk.member, client_id=data.client_id, title=data.title
    )
    return _to(channel.id)


@post("/team/with/{member_id:uuid}")
async def start_direct(desk: NeedsDesk, member_id: FromPath[UUID]) -> Redirect:
    direct = await starting.start_direct(desk.session, desk.member, member_id)
    return _to(direct.id)


class ThreadDoor(Controller):
    path = "/team/{thread_id:uuid}"

    @get("/")
    async def read_one(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        thread_id: FromPath[UUID],
        since: Since = None,
        limit: Limit = STEP,
        edit: FromQuery[UUID | None] = None,
    ) -> Template:
        conversation = await taking_part.get(desk.session, desk.member, thread_id)
        online = await runtime.presence.online_ids(desk.member.org_id)
        thread = await thread_of(desk.session, conversation, desk.member, online, since=since, limit=limit)
        address = f"{HOME}/{thread_id}?since={thread.since}&limit={limit}" + (f"&edit={edit}" if edit else "")
        return await _page(
            request, desk, runtime, "team.html", address=address, thread=thread, editing=str(edit)
        )

    @post("/messages")
    async def write(self, desk: NeedsDesk, thread_id: FromPath[UUID], data: WordsForm) -> Redirect:
        await taking_part.write(
            desk.session, desk.member, thread_id, client_id=data.client_id, text=data.text
        )
        return _to(thread_id)

    @post("/join")
    async def join(self, desk: NeedsDesk, thread_id: FromPath[UUID]) -> Redirect:
        await taking_part.join(desk.session, desk.member, thread_id)
        return _to(thread_id)

    @post("/leave")
    async def leave(self, desk: NeedsDesk, thread_id: FromPath[UUID]) -> Redirect:
        await taking_part.leave(desk.session, desk.member, thread_id)
        return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)

    @post("/members")
    async def take_in(self, desk: NeedsDesk, thread_id: FromPath[UUID], data: NamedForm) -> Redirect:
        await changing.add_to_group(desk.session, desk.member, thread_id, data.chosen)
        return _to(thread_id)

    @post("/name")
    async def rename(self, desk: NeedsDesk, thread_id: FromPath[UUID], data: NamedForm) -> Redirect:
        await changing.rename(desk.session, desk.member, thread_id, title=data.title)
        return _to(thread_id)

    @post("/mute")
    async def mute(self, desk: NeedsDesk, thread_id: FromPath[UUID], data: MutedForm) -> Redirect:
        await taking_part.mute(desk.session, desk.member, thread_id, muted=data.muted)
        return _to(thread_id)

    @post("/read", status_code=HTTP_204_NO_CONTENT)
    async def mark_read(self, desk: NeedsDesk, thread_id: FromPath[UUID], data: ReadForm) -> None:
        await taking_part.mark_read(desk.session, desk.member, thread_id, seq=data.seq)


async def _page(
    request: AnyRequest, desk: Desk, runtime: Runtime, name: str, *, address: str, **context: Any
) -> Template:
    online = await runtime.presence.online_ids(desk.member.org_id)
    return await desk_page(
        request,
        desk,
        name,
        await counts(desk.session, desk.member.id),
        address=address,
        room=await room_of(desk.session, desk.member, online),
        **context,
    )


def _to(thread_id: UUID) -> Redirect:
    return Redirect(f"{HOME}/{thread_id}", status_code=HTTP_303_SEE_OTHER)


handlers: list[ControllerRouterHandler] = [
    team_page,
    new_page,
    start_group,
    create_channel,
    start_direct,
    ThreadDoor,
]
