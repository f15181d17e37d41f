"""What a member does with a single message, wherever it stands; and notes beside a visitor's conversation."""

from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.conversations import editing, messaging, queries
from app.conversations.inbox import counts
from app.conversations.models import Conversation
from app.staff import taking_part
from app.web.console.identity import AnyRequest, NeedsDesk
from app.web.console.pages import desk_page
from app.web.console.said import name_of


class Words(msgspec.Struct, kw_only=True):
    client_id: UUID = msgspec.field(default_factory=uuid4)
    text: str


class Read(msgspec.Struct):
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


WordsForm = Annotated[Words, Body(media_type=RequestEncodingType.URL_ENCODED)]
ReadForm = Annotated[Read, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/messages/{message_id:uuid}/edit")
async def edit(desk: NeedsDesk, message_id: FromPath[UUID], data: WordsForm) -> Redirect:
    _, conversation = await editing.edit(
        desk.session, message_id, desk.member, client_id=data.client_id, text=data.text
    )
    return _back(conversation)


@post("/messages/{message_id:uuid}/delete")
async def delete(desk: NeedsDesk, message_id: FromPath[UUID]) -> Redirect:
    _, conversation = await editing.delete(desk.session, message_id, desk.member)
    return _back(conversation)


@get("/messages/{message_id:uuid}/history")
async def history(request: AnyRequest, desk: NeedsDesk, message_id: FromPath[UUID]) -> Template:
    message, revisions = await editing.history(desk.session, message_id, desk.member)
    conversation = (await desk.session.scalars(queries.of_id(desk.session, message.conversation_id))).one()
    return await desk_page(
        request,
        desk,
        "history.html",
        await counts(desk.session, desk.member.id),
        address=f"/console/messages/{message_id}/history",
        message=message,
        author=name_of(message),
        revisions=revisions,
        back=place_of(conversation),
    )


@post("/conversations/{conversation_id:uuid}/notes")
async def note(desk: NeedsDesk, conversation_id: FromPath[UUID], data: WordsForm) -> Redirect:
    await taking_part.note(
        desk.session, desk.member, conversation_id, client_id=data.client_id, text=data.text
    )
    return Redirect(f"/console/conversations/{conversation_id}", status_code=HTTP_303_SEE_OTHER)


@post("/conversations/{conversation_id:uuid}/notes/read", status_code=HTTP_204_NO_CONTENT)
async def read_notes(desk: NeedsDesk, conversation_id: FromPath[UUID], data: ReadForm) -> None:
    await messaging.get(desk.session, conversation_id)
    record = await desk.session.scalar(queries.records_about(desk.session, [conversation_id]))
    if record is not None:
        await taking_part.mark_read(desk.session, desk.member, record.id, seq=data.seq)


def place_of(conversation: Conversation) -> str:
    """The page on which a conversation is shown."""
    if conversation.kind == "visitor":
        return f"/console/conversations/{conversation.id}"
    if conversation.kind == "record":
        return f"/console/conversations/{conversation.about_id}"
    return f"/console/team/{conversation.id}"


def _back(conversation: Conversation) -> Redirect:
    return Redirect(place_of(conversation), status_code=HTTP_303_SEE_OTHER)


handlers: list[ControllerRouterHandler] = [edit, delete, history, note, read_notes]
