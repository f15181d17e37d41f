"""Files of a visitor's conversation: sent before the message that they are for, and read by who may see it."""

import asyncio
from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath, Parameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from app.conversations import attachments
from app.conversations.attachments import AttachmentUnknown
from app.conversations.files import AttachmentEmpty, AttachmentRefused, AttachmentTooLarge, checked, too_large
from app.conversations.messaging import ConversationClosed, ConversationUnknown
from app.conversations.uploading import upload
from app.web.attached import sent
from app.web.refusals import VISITOR, refusals, repeated
from app.web.request import LengthUnknown
from app.web.runtime import NeedsRuntime
from app.web.widget.conversations import owned
from app.web.widget.events import visitor_of
from app.web.widget.identity import AnyRequest, NeedsVisit, address, provide_visit
from app.web.widget.schemas import AttachmentInfo

ABOUT = """
The body is the file itself. What it is, is found out from its content: images (PNG, JPEG, GIF, WebP), PDF, text, CSV,
and documents of Office and OpenDocument are taken. Then post a message with the `id` among its `attachments`; a file
whose message does not come within a day is removed, and of more than ten that wait the oldest.
"""
PERIOD_S = 600


class FileOperation(Operation):
    """The framework describes no body that a handler reads by itself."""

    def __post_init__(self) -> None:
        binary = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={"application/octet-stream": binary}, required=True)


@post(
    "/v1/conversations/{conversation_id:uuid}/attachments",
    summary="Send a file for a message to come; the same client_id again keeps nothing more",
    description=ABOUT,
    tags=["Visitor"],
    security=[{"visitor": []}],
    operation_class=FileOperation,
    request_max_body_size=None,
    responses=repeated(AttachmentInfo)
    | refusals(
        *VISITOR,
        ConversationUnknown,
        ConversationClosed,
        LengthUnknown,
        AttachmentTooLarge,
        AttachmentEmpty,
        AttachmentRefused,
        body=True,
    ),
)
async def attach(
    request: AnyRequest,
    runtime: NeedsRuntime,
    conversation_id: FromPath[UUID],
    name: Annotated[str, Parameter(max_length=1000, description="What the file is called")] = "",
    client_id: Annotated[UUID | None, Parameter(description="An id of your own, to try again with")] = None,
) -> Response[AttachmentInfo]:
    """No transaction is held while the file arrives, and no more is read than it may have."""
    runtime.limits.count(f"address:{address(request)}", most=600, per_s=60)
    visitor = await visitor_of(request, runtime, conversation_id)
    limit = runtime.settings.attachment_limit
    if request.content_length is None:
        raise LengthUnknown
    if request.content_length > limit:
        raise too_large(limit)
    runtime.limits.count(f"attachments:{visitor.id}", most=30, per_s=PERIOD_S)
    runtime.limits.count(f"attachments:{address(request)}", most=120, per_s=PERIOD_S)
    file = await asyncio.to_thread(checked, name, await request.body(), limit=limit)
    async with runtime.database.transaction(visitor.org_id) as session:
        kept, created = await upload(
            session, conversation_id, uploader="visitor", client_id=client_id or uuid4(), file=file
        )
    body = msgspec.convert(attachments.view(kept), AttachmentInfo)
    return Response(body, status_code=HTTP_201_CREATED if created else HTTP_200_OK)


@get(
    "/v1/conversations/{conversation_id:uuid}/attachments/{attachment_id:uuid}",
    summary="A file of the conversation",
    tags=["Visitor"],
    security=[{"visitor": []}],
    dependencies={"visit": Provide(provide_visit)},
    responses={
        200: ResponseSpec(
            bytes, description="The file, as what it is.", media_type="*/*", generate_examples=False
        )
    }
    | refusals(*VISITOR, ConversationUnknown, AttachmentUnknown),
)
async def read_attachment(
    visit: NeedsVisit, conversation_id: FromPath[UUID], attachment_id: FromPath[UUID]
) -> Response[bytes]:
    await owned(visit, conversation_id)
    return sent(await attachments.visitors_file(visit.session, conversation_id, attachment_id))
