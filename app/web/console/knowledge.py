"""What the assistant knows: documents on their way in, those that answer already, and their text as it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, Parameter
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_201_CREATED, HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.uses import questions_answered_from
from app.conversations.inbox import counts
from app.kit.errors import Problem
from app.kit.one_line import one_line
from app.knowledge.documents import (
    DocumentUnknown,
    delete_document,
    document_with_content,
    put_document,
    retry_document,
)
from app.knowledge.models import STEPS, Chunk, Document, DocumentVersion
from app.knowledge.queries import Detail, Listed, document_detail, list_documents, neighbours
from app.knowledge.reading import WRITTEN
from app.knowledge.reindex import progress
from app.knowledge.source_queries import source_of_document
from app.tenancy.members import SignedIn
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, check_admin, identify
from app.web.console.markdown import document_html
from app.web.console.pages import desk_page, from_htmx
from app.web.console.sent import check_length, sent_files
from app.web.runtime import NeedsRuntime, Runtime

HOME = "/console/knowledge"
CHUNKS = 100
# A passage that was found is shown in its place: with so many before it and after it.
AROUND = 2

# What a person reads for each state: a name, and what is being done.
STATES: Mapping[str, str] = {
    "queued": "Waiting",
    "parsing": "Reading the file",
    "chunking": "Cutting it into passages",
    "embedding": "Learning what they mean",
    "indexing": "Making it searchable",
    "ready": "Ready",
    "failed": "Failed",
}


@dataclass(frozen=True)
class Step:
    """`stands` is done, now or ahead; `seconds` how long it took."""

    label: str
    stands: str
    seconds: float | None


@dataclass(frozen=True)
class Entry:
    """A document in the list. `done` counts the steps behind it, of `steps`."""

    listed: Listed
    label: str
    moving: bool
    done: int
    steps: Sequence[Step]

    @property
    def version(self) -> DocumentVersion:
        return self.listed.version


@get("/knowledge")
async def knowledge_page(request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime) -> Template:
    return await _list_page(request, desk, runtime)


@post("/knowledge/documents", request_max_body_size=None)
async def upload(request: AnyRequest, runtime: NeedsRuntime) -> Response[Any]:
    """No transaction is held while the files arrive, and no more is read than an upload may have."""
    async with runtime.database.transaction(None) as session:
        member = await identify(session, request)
    check_admin(member)
    check_length(request, runtime.settings.upload_limit)
    files = await sent_files(request)
    async with runtime.database.transaction(member.org_id) as session:
        taken = [await _take(session, member, runtime, file) for file in files]
        if len(taken) == 1 and taken[0].refused is not None:
            raise taken[0].refused
        if not from_htmx(request) and any(file.refused or file.known for file in taken):
            return await _list_page(request, Desk(session, member), runtime, taken=taken)
    if from_htmx(request):
        return Response({"documents": [file.view() for file in taken]}, status_code=HTTP_201_CREATED)
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


async def _take(
    session: AsyncSession, member: SignedIn, runtime: Runtime, file: tuple[str, bytes]
) -> "Taken":
    """One file of an upload; what is wrong with it is no reason to refuse the others."""
    name, content = file
    known = await document_with_content(session, content)
    try:
        document = await put_document(
            session, name=name, content=content, added_by=member.id, limit=runtime.settings.upload_limit
        )
    except Problem as refused:
        return Taken(one_line(name), None, refused)
    return Taken(one_line(name), document, None, known=known is not None)


@dataclass(frozen=True)
class Taken:
    """What became of an uploaded file. `known`: its content is there already, as `document`."""

    name: str
    document: Document | None
    refused: Problem | None
    known: bool = False

    def view(self) -> dict[str, object]:
        if self.document is None:
            return {"name": self.name, "refused": self.refused.detail if self.refused else ""}
        return {"id": str(self.document.id), "name": self.document.name, "known": self.known}


class DocumentDoor(Controller):
    path = "/knowledge/documents/{document_id:uuid}"

    @get("/")
    async def read_one(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        document_id: FromPath[UUID],
        limit: Annotated[int, Parameter(ge=1, le=100_000)] = CHUNKS,
        passage: FromQuery[UUID | None] = None,
    ) -> Template:
        return await _document_page(request, desk, document_id, limit, passage)

    @post("/retry")
    async def retry(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        document_id: FromPath[UUID],
    ) -> Response[Any]:
        check_admin(desk.member)
        await retry_document(desk.session, document_id)
        return await _done(request, desk, runtime)

    @post("/delete")
    async def delete(
        self,
        request: AnyRequest,
        desk: NeedsDesk,
        runtime: NeedsRuntime,
        document_id: FromPath[UUID],
    ) -> Response[Any]:
        check_admin(desk.member)
        await delete_document(desk.session, document_id)
        return await _done(request, desk, runtime)


async def _done(request: AnyRequest, desk: Desk, runtime: Runtime) -> Response[Any]:
    if from_htmx(request):
        return await _list_page(request, desk, runtime, headers={"HX-Push-Url": HOME})
    return Redirect(HOME, status_code=HTTP_303_SEE_OTHER)


async def _list_page(
    request: AnyRequest,
    desk: Desk,
    runtime: Runtime,
    *,
    headers: dict[str, str] | None = None,
    taken: Sequence[Taken] = (),
) -> Template:
    # In the order in which they were added: a list that is watched must not jump with each step.
    found = sorted(await list_documents(desk.session), key=lambda listed: listed.document.id, reverse=True)
    return await desk_page(
        request,
        desk,
        "knowledge.html",
        await counts(desk.session, desk.member.id),
        address=HOME,
        headers=headers,
        part="documents",
        taken=taken,
        entries=[_entry(listed) for listed in found],
        limit=runtime.settings.upload_limit,
        taking_over=await progress(desk.session),
    )


async def _document_page(
    request: AnyRequest, desk: Desk, document_id: UUID, limit: int, passage: UUID | None
) -> Template:
    around = await _in_its_place(desk.session, document_id, passage) if passage else []
    detail = await document_detail(desk.session, document_id, limit=0 if around else limit)
    if detail is None:
        raise DocumentUnknown
    current = _current(detail)
    total = current.chunks or 0 if current else 0
    chosen = [f"limit={limit}"] if limit != CHUNKS else []
    chosen += [f"passage={passage}"] if passage else []
    return await desk_page(
        request,
        desk,
        "document.html",
        await counts(desk.session, desk.member.id),
        address="?".join(filter(None, (f"{HOME}/documents/{document_id}", "&".join(chosen)))),
        entry=_entry(Listed(detail.document, detail.versions[0])),
        chunks=[(chunk, document_html(chunk.text)) for chunk in around or detail.chunks],
        sought=passage,
        in_place=bool(around),
        total=total,
        answered=await questions_answered_from(desk.session, document_id),
        home=await _home_of(desk.session, detail.document),
        more=limit * 2 if total > limit and not around else None,
    )


async def _in_its_place(session: AsyncSession, document_id: UUID, passage: UUID) -> list[Chunk]:
    """The passage with those around it; empty where it is gone, as those of a version that was replaced."""
    around = await neighbours(session, passage, before=AROUND, after=AROUND)
    return [chunk for chunk in around if chunk.document_id == document_id]


async def _home_of(session: AsyncSession, document: Document) -> tuple[str, str]:
    """Where a document is listed, and what that is called."""
    if document.source == "web" and (source := await source_of_document(session, document.id)):
        return f"{HOME}/sites/{source}", "Website"
    return (f"{HOME}/written", "Written") if document.source in WRITTEN else (HOME, "Knowledge")


def _current(detail: Detail) -> DocumentVersion | None:
    """The version that answers."""
    return next((it for it in detail.versions if it.id == detail.document.current_version_id), None)


def _entry(listed: Listed) -> Entry:
    version = listed.version
    at = STEPS.index(version.state) if version.state in STEPS else len(version.timings) + 1
    return Entry(
        listed=listed,
        label=STATES.get(version.state, version.state),
        moving=version.state in STEPS[:-1],
        done=at,
        steps=[_step(version, number, at) for number in range(1, len(STEPS) - 1)],
    )


def _step(version: DocumentVersion, number: int, at: int) -> Step:
    name = STEPS[number]
    stands = "done" if number < at else "ahead"
    if number == at:
        stands = "failed" if version.state == "failed" else "now"
    return Step(STATES[name], stands, version.timings.get(name))


handlers: list[ControllerRouterHandler] = [knowledge_page, upload, DocumentDoor]
