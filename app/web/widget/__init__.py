"""The public door: what pages load and what visitors call."""

from litestar.types import ControllerRouterHandler

from app.web.widget.attachments import attach, read_attachment
from app.web.widget.conversations import ConversationDoor
from app.web.widget.events import events
from app.web.widget.page import demo, home, loader
from app.web.widget.sites import SiteDoor
from app.web.widget.typing import typing
from app.web.widget.visitor import VisitorDoor

route_handlers: list[ControllerRouterHandler] = [
    loader,
    home,
    demo,
    SiteDoor,
    ConversationDoor,
    VisitorDoor,
    attach,
    read_attachment,
    events,
    typing,
]
