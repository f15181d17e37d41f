"""Files of conversations: as they stand in a thread, and to open or download."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from app.conversations import attachments
from app.conversations.attachments import AttachmentUnknown
from app.conversations.files import IMAGES
from app.conversations.participants import seen_by
from app.web.attached import sent
from app.web.console.identity import NeedsDesk

KILO = 1024


@dataclass(frozen=True)
class Shown:
    """A file below a message. `size` is written for people."""

    href: str
    name: str
    size: str
    is_image: bool


def shown(view: Mapping[str, Any]) -> Shown:
    return Shown(
        f"/console/attachments/{view['id']}", view["name"], size_of(view["size"]), view["type"] in IMAGES
    )


def size_of(count: int) -> str:
    """Bytes as kB or MB, never less than 1 kB."""
    kilos = max(1, round(count / KILO))
    return f"{kilos} kB" if kilos < KILO else f"{kilos / KILO:.1f} MB"


@get("/attachments/{attachment_id:uuid}")
async def read_attachment(desk: NeedsDesk, attachment_id: FromPath[UUID]) -> Response[bytes]:
    found = await attachments.sent_file(desk.session, attachment_id)
    if await desk.session.scalar(seen_by(desk.session, desk.member.id, found.conversation_id)) is None:
        raise AttachmentUnknown
    return sent(found)


handlers: list[ControllerRouterHandler] = [read_attachment]
