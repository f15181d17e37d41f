"""A file on its way out: nothing that a browser finds in it can run, and only images are shown in place."""

from urllib.parse import quote

from litestar import Response

from app.conversations.files import IMAGES
from app.conversations.models import Attachment

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    # It never changes, but it can be deleted.
    "Cache-Control": "private, max-age=300",
}


def sent(attachment: Attachment) -> Response[bytes]:
    return Response(
        attachment.content, media_type=attachment.type, headers={**HEADERS, **_disposition(attachment)}
    )


def _disposition(attachment: Attachment) -> dict[str, str]:
    """RFC 6266: the name in full, and one for who only knows ASCII."""
    how = "inline" if attachment.type in IMAGES else "attachment"
    plain = attachment.name.encode("ascii", "replace").decode().translate(str.maketrans('"\\?', "___"))
    full = quote(attachment.name, safe="")
    return {"Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{full}"}
