"""What a form of the console brings: files, alone or with what is written beside them."""

import asyncio
from typing import Literal
from uuid import UUID, uuid4

import msgspec
from litestar.datastructures import FormMultiDict, UploadFile

from app.conversations.attachments import MOST, TooManyAttachments
from app.conversations.files import File, checked, too_large
from app.kit.errors import Invalid
from app.knowledge.documents import DocumentTooLarge
from app.web.console.identity import AnyRequest
from app.web.request import LengthUnknown

# What a form adds around its files.
ENVELOPE = 64 * 1024
TabName = Literal["waiting", "mine", "bot", "all", "spam"]


class Place(msgspec.Struct):
    """Where in the list the member is, so that they stay there."""

    tab: TabName | None = None


class Reply(Place):
    client_id: UUID = msgspec.field(default_factory=uuid4)
    text: str = ""


class NoFile(Invalid):
    """No file was sent. Choose one or more files first."""

    code = "no_file"
    title = "No file"


def check_length(request: AnyRequest, limit: int) -> None:
    """Before anything is read. The server itself holds a body to the length that it announces."""
    if _length(request) > limit + ENVELOPE:
        raise DocumentTooLarge(
            f"An upload takes at most {limit // 1024 // 1024} MB. Upload large files one by one, split what is "
            "larger, or have the operator raise FRONTDESK_UPLOAD_LIMIT_MB."
        )


async def sent_table(request: AnyRequest) -> bytes:
    """The one file of a form. Raises NoFile."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise NoFile
    return await file.read()


async def sent_files(request: AnyRequest) -> list[tuple[str, bytes]]:
    """Name and content of each file of the form. Raises NoFile."""
    files = await _files(await request.form())
    if not files:
        raise NoFile
    return files


async def sent_reply(request: AnyRequest, *, limit: int) -> tuple[Reply, list[File]]:
    """What is written to a visitor, with files of at most `limit` bytes each. Raises TooManyAttachments and what
    `checked` does.
    """
    if _length(request) > MOST * limit + ENVELOPE:
        raise too_large(limit)
    form = await request.form()
    words = {name: value for name, value in form.items() if isinstance(value, str) and value}
    try:
        reply = msgspec.convert(words, Reply, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from error
    files = await _files(form)
    if len(files) > MOST:
        raise TooManyAttachments
    return reply, [await asyncio.to_thread(checked, name, content, limit=limit) for name, content in files]


def _length(request: AnyRequest) -> int:
    if request.content_length is None:
        raise LengthUnknown
    return request.content_length


async def _files(form: FormMultiDict) -> list[tuple[str, bytes]]:
    sent = form.getall("files", [])
    return [
        (file.filename, await file.read()) for file in sent if isinstance(file, UploadFile) and file.filename
    ]
