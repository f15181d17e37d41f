"""The operator's door."""

from litestar.types import ControllerRouterHandler

from app.web.operator.health import live, ready

route_handlers: list[ControllerRouterHandler] = [live, ready]
