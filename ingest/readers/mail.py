"""A mail: who, when and about what, then its body."""

import contextlib
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from ingest.decode import decode
from ingest.parsed import ParseFailure
from ingest.readers import web
from ingest.readers.draft import Draft, single

SECRET_TYPES = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
SHOWN = ("From", "To", "Cc", "Date", "Subject")


def read(data: bytes, text: str) -> Draft:
    """`text` is the file decoded as a whole: mail in UTF-16 exists, and the parser knows none."""
    raw = text.encode() if b"\0" in data[:200] else data
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    if message.get_content_type() in SECRET_TYPES:
        raise ParseFailure("encrypted", "This mail is encrypted. Export it decrypted from the mail program.")
    body = body_of(message)
    if not body.strip():
        raise ParseFailure(
            "empty", "This mail has no readable text. If it only carries attachments, upload those."
        )
    parts = [heading(message), body, attachments(message)]
    return single("\n\n".join(part for part in parts if part), title=header(message, "Subject"))


def heading(message: EmailMessage) -> str:
    return "\n".join(f"{name}: {value}" for name in SHOWN if (value := header(message, name)))


def header(message: EmailMessage, name: str) -> str:
    # The header registry raises many things on headers that no standard allows; the mail is still readable.
    with contextlib.suppress(Exception):
        return " ".join(str(message.get(name, "")).split())
    return ""


def body_of(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content = content_of(part)
    return web.markdown_of(content) if part.get_content_type() == "text/html" else content


def content_of(part: MIMEPart) -> str:
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError, KeyError):
        # A charset that doesn't exist, or bytes that aren't in it.
        payload = part.get_payload(decode=True)
        return decode(payload) if isinstance(payload, bytes) else ""


def attachments(message: EmailMessage) -> str:
    names = [name for part in message.iter_attachments() if (name := part.get_filename())]
    return f"Attachments: {', '.join(names)}" if names else ""
