"""Files that people attach: small, and what they say they are."""

import zlib
from struct import pack
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.files import checked
from app.conversations.messaging import Author, post
from app.conversations.uploading import upload
from tests.factories import Talk


def png(width: int = 40, height: int = 30, colour: bytes = b"\x10\x80\x60") -> bytes:
    """An image of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + colour * width) * height)
    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


async def post_file(session: AsyncSession, talk: Talk, name: str, content: bytes) -> UUID:
    """The visitor sends a file and nothing else; returns the file's id."""
    file = checked(name, content, limit=len(content))
    kept, _ = await upload(session, talk.id, uploader="visitor", client_id=uuid4(), file=file)
    author = Author("visitor", talk.visitor.id)
    await post(session, talk.id, author=author, client_id=uuid4(), text="", files=[kept.id])
    return kept.id
