"""Who is there, as the widget's door tells it."""

from app.conversations.views import moment
from app.handoff import desk
from app.web.widget.schemas import Availability


def available(found: desk.Availability) -> Availability:
    back_at = moment(found.back_at) if found.back_at else None
    return Availability(online=found.online, open=found.open, back_at=back_at)
