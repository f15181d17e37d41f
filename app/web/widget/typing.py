"""A visitor says that they are writing: worth nothing a few seconds later, so it is neither stored nor ever refused
for coming too often.
"""

from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from app.conversations.messaging import ConversationUnknown
from app.realtime import presence
from app.web.refusals import VISITOR, refusals
from app.web.runtime import NeedsRuntime
from app.web.widget.events import visitor_of
from app.web.widget.identity import AnyRequest, address
from app.web.widget.schemas import Typing

SAYS = """
Send `true` when the visitor begins to write and every two seconds while they go on, and `false` once they have
stopped or sent it. What is sent more often is passed over in silence; without news for six seconds they count as having
stopped.
"""


@post(
    "/v1/conversations/{conversation_id:uuid}/typing",
    summary="Say that the visitor is writing, or has stopped",
    description=SAYS,
    tags=["Visitor"],
    security=[{"visitor": []}],
    responses=refusals(*VISITOR, ConversationUnknown, body=True),
    status_code=HTTP_204_NO_CONTENT,
)
async def typing(
    request: AnyRequest, runtime: NeedsRuntime, conversation_id: FromPath[UUID], data: JSONBody[Typing]
) -> None:
    # Not counted with other requests: an office that types is never kept from writing.
    if not runtime.limits.allows(f"typing:{address(request)}", most=1200, per_s=60):
        return
    visitor = await visitor_of(request, runtime, conversation_id)
    person = presence.visitor(visitor.id, visitor.name)
    if data.typing:
        runtime.presence.type(conversation_id, person)
    else:
        runtime.presence.stop_typing(conversation_id, person)
