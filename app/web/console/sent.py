"""The files that a form of the console brings."""

from litestar.datastructures import UploadFile

from app.kit.errors import Invalid
from app.knowledge.documents import DocumentTooLarge
from app.web.console.identity import AnyRequest

# What a form adds around its files.
ENVELOPE = 64 * 1024


class NoFile(Invalid):
    """No file was sent. Choose one or more files first."""

    code = "no_file"
    title = "No file"


class LengthUnknown(Invalid):
    """The upload does not say how long it is. Send it with a Content-Length, as browsers do."""

    status = 411
    code = "length_required"
    title = "Length required"


def check_length(request: AnyRequest, limit: int) -> None:
    """Before anything is read. The server itself holds a body to the length that it announces."""
    if request.content_length is None:
        raise LengthUnknown
    if request.content_length > limit + ENVELOPE:
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
    sent = (await request.form()).getall("files", [])
    files = [
        (file.filename, await file.read()) for file in sent if isinstance(file, UploadFile) and file.filename
    ]
    if not files:
        raise NoFile
    return files
