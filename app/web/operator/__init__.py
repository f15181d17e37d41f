"""The operator's door."""

from app.web.operator.health import live, ready

route_handlers = [live, ready]
