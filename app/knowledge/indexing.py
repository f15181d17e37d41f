"""From uploaded bytes to searchable passages: each step short, visible, and safe to run again.

Nothing is written but the version's state until all is ready; then everything at once (app/knowledge/publishing.py).
A process that dies on the way leaves a version "under way", and the job that is tried again begins anew.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import Database, scope
from app.kit.happenings import record
from app.kit.jobs import WorkersDied
from app.knowledge.embedders import Models, active_embedder
from app.knowledge.endpoints import EndpointFailed
from app.knowledge.happenings import DocumentChanged
from app.knowledge.models import Document, DocumentFile, DocumentVersion
from app.knowledge.publishing import Indexed, OtherEmbedder, publish, wanted
from app.knowledge.reading import File, chunks_of, parsed_from
from app.knowledge.reindex import check_length, embed_by
from ingest.chunk import Chunk
from ingest.embed import static_embedder
from ingest.lexical import Lexical, lexical, settle_language
from ingest.parsed import MESSAGES, ParseFailure

Result = TypeVar("Result")

log = logging.getLogger(__name__)

# Chunks that tell a document's language.
SETTLING = 12
# How often the embedder may be switched while a version is embedded.
SWITCHES = 3
EMBEDDINGS_UNAVAILABLE = (
    "The embeddings endpoint failed. Try again; `frontdesk doctor` says what is wrong with it."
)
OTHER_DIMENSIONS = (
    "The embeddings model now gives vectors of another length than those that are searched. The operator has to set "
    "EMBEDDINGS_DIMENSIONS and run `frontdesk reindex`; then try again."
)
UNEXPECTED = (
    "Something went wrong while this file was read. Try again; if it happens again, tell the operator."
)

TOO_MUCH = (
    "The server ended several times while it read this file. Split it into smaller files and upload those; if they "
    "fail, too, tell the operator."
)


class Withdrawn(Exception):
    """The version was deleted, overtaken or finished by somebody else."""


@dataclass
class Work:
    """One version on its way. `timings` holds the seconds of each step."""

    database: Database
    org_id: UUID
    version_id: UUID
    models: Models
    timings: dict[str, float] = field(default_factory=dict)

    async def timed(self, step: str, doing: Awaitable[Result]) -> Result:
        started = perf_counter()
        result = await doing
        self.timings[step] = round(self.timings.get(step, 0) + perf_counter() - started, 4)
        return result


async def index_version(
    database: Database, org_id: UUID, version_id: UUID, models: Models | None = None
) -> None:
    """The job: parses, cuts, embeds and publishes a version, or stores why it failed and what to do."""
    work = Work(database, org_id, version_id, models or Models())
    try:
        await _index(work)
    except Withdrawn:
        log.debug("Version %s is not wanted any more", version_id)
    except ParseFailure as failure:
        await _fail(work, failure.code, failure.message)
    except EndpointFailed as failure:
        log.warning("Version %s cannot be embedded: %s", version_id, failure)
        if failure.code == "other_dimensions":
            await _fail(work, failure.code, OTHER_DIMENSIONS)
        else:
            await _fail(work, "embeddings_unavailable", EMBEDDINGS_UNAVAILABLE)
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError):
        raise  # the job is tried again
    except Exception:
        log.exception("Version %s cannot be indexed", version_id)
        await _fail(work, "unexpected", UNEXPECTED)


async def give_up(database: Database, org_id: UUID, version_id: UUID, error: Exception) -> None:
    """Nobody will index this version any more: it has failed, and says why."""
    work = Work(database, org_id, version_id, Models())
    if isinstance(error, WorkersDied):
        await _fail(work, "workers_died", TOO_MUCH)
    else:
        await _fail(work, "unexpected", UNEXPECTED)


async def _index(work: Work) -> None:
    await _enter(work, "parsing")
    file = await _file(work)
    parsed = await work.timed("parsing", parsed_from(file))
    await _enter(
        work, "chunking", kind=parsed.kind, mime=parsed.mime, title=parsed.title, pages=len(parsed.pages)
    )
    chunks = await work.timed("chunking", asyncio.to_thread(chunks_of, file, parsed))
    if not chunks:
        raise ParseFailure("empty", MESSAGES["empty"])
    await _enter(work, "embedding", language=parsed.language, chunks=len(chunks))
    title = parsed.title or file.name.rpartition(".")[0]
    embedding = asyncio.to_thread(embed, work.version_id, chunks, parsed.language, title)
    indexed = await work.timed("embedding", embedding)
    for _ in range(SWITCHES):
        try:
            return await _embed_and_publish(work, indexed)
        except OtherEmbedder:
            log.info("Version %s is embedded again, as another embedder took over", work.version_id)
    raise OSError("The embedder was switched again and again.")


async def _embed_and_publish(work: Work, indexed: Indexed) -> None:
    indexed = await work.timed("embedding", _by_the_active_embedder(work, indexed))
    await _enter(work, "indexing")
    await _publish(work, indexed)


async def _by_the_active_embedder(work: Work, indexed: Indexed) -> Indexed:
    async with work.database.transaction(work.org_id) as session:
        active = await active_embedder(session)
    if active.is_static:
        return indexed
    texts = [chunk.question or chunk.text for chunk in indexed.chunks]
    dense = await embed_by(work.models, active.embedder, texts)
    check_length(dense, active.dimensions)
    return replace(indexed, dense=dense, embedder=active.embedder)


async def _enter(work: Work, state: str, **facts: object) -> None:
    """Shows the next step. Raises Withdrawn where the version isn't wanted any more."""
    async with work.database.transaction(work.org_id) as session:
        document = await wanted(session, work.version_id)
        if document is None:
            raise Withdrawn
        await _set(session, work, state=state, **facts)
        await changed(session, document.id)


async def _set(session: AsyncSession, work: Work, **values: object) -> None:
    version = update(DocumentVersion).where(
        DocumentVersion.org_id == scope(session), DocumentVersion.id == work.version_id
    )
    await session.execute(version.values(timings=work.timings, **values))


async def changed(session: AsyncSession, document_id: UUID) -> None:
    """Stamps the document and records that it changed."""
    stamp = update(Document).where(Document.org_id == scope(session), Document.id == document_id)
    await session.execute(stamp.values(updated_at=now()))
    await record(session, DocumentChanged(document_id))


async def _file(work: Work) -> File:
    async with work.database.transaction(work.org_id) as session:
        query = (
            select(Document.name, Document.source, DocumentFile.content)
            .join(DocumentVersion, DocumentVersion.document_id == Document.id)
            .join(DocumentFile, DocumentFile.version_id == DocumentVersion.id)
            .where(Document.org_id == scope(session), DocumentVersion.id == work.version_id)
        )
        row = (await session.execute(query)).one_or_none()
    if row is None:
        raise Withdrawn
    return File(row.name, row.source, row.content)


def embed(version_id: UUID, chunks: Sequence[Chunk], language: str | None, title: str) -> Indexed:
    """The vectors of a version's chunks. Its title and their headings tell each chunk what it is about."""
    language = settle_language("\n".join(chunk.text for chunk in chunks[:SETTLING]), language)
    return Indexed(
        version_id=version_id,
        language=language,
        chunks=chunks,
        dense=static_embedder().embed([chunk.question or chunk.text for chunk in chunks]),
        lexical=[_lexical(chunk, language, title) for chunk in chunks],
    )


def _lexical(chunk: Chunk, language: str | None, title: str) -> Lexical:
    """A question counts as a heading does, and once more as part of the text."""
    if chunk.question is None:
        return lexical(chunk.text, language, headings_above(chunk, title))
    return lexical(f"{chunk.question}\n{chunk.text}", language, (chunk.question,))


def headings_above(chunk: Chunk, title: str) -> tuple[str, ...]:
    """The path to a chunk, its document's title first."""
    return chunk.headings if title in chunk.headings else (title, *chunk.headings)


async def _publish(work: Work, indexed: Indexed) -> None:
    started = perf_counter()
    async with work.database.transaction(work.org_id) as session:
        document = await publish(session, indexed)
        if document is None:
            raise Withdrawn
        work.timings["indexing"] = round(perf_counter() - started, 4)
        await _set(session, work)
        await changed(session, document.id)


async def _fail(work: Work, code: str, message: str) -> None:
    try:
        await _enter(work, "failed", failure_code=code, failure_message=message)
    except Withdrawn:
        log.info("Version %s failed (%s) and is not wanted any more", work.version_id, code)
