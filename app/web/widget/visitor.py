"""What a visitor may do with all that is held of them: take it along, or have it erased."""

import msgspec
from litestar import Controller, Response, delete, get
from litestar.di import Provide
from litestar.status_codes import HTTP_204_NO_CONTENT

from app.conversations.erasure import erase_visitor, export_visitor
from app.web.refusals import VISITOR, refusals
from app.web.widget.identity import NeedsVisit, provide_visit
from app.web.widget.schemas import KeptVisitor

AS_FILE = {"Content-Disposition": 'attachment; filename="conversations.json"'}


class VisitorDoor(Controller):
    path = "/v1/visitor"
    tags = ["Visitor"]
    dependencies = {"visit": Provide(provide_visit)}
    security = [{"visitor": []}]

    @get("/export", summary="All that is held of the visitor", responses=refusals(*VISITOR))
    async def export(self, visit: NeedsVisit) -> Response[KeptVisitor]:
        kept = await export_visitor(visit.session, visit.visitor.id)
        return Response(msgspec.convert(kept, KeptVisitor), headers=AS_FILE)

    @delete(
        "/",
        summary="Erase the visitor, their conversations and their session, for good",
        status_code=HTTP_204_NO_CONTENT,
        responses=refusals(*VISITOR),
    )
    async def erase(self, visit: NeedsVisit) -> None:
        await erase_visitor(visit.session, visit.visitor.id)
