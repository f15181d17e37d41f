"""What is searchable, and the counts that rarity is told by: added and taken away in one transaction.

Every change of an organisation's index holds its lock, so that counts stay exact and a version that was deleted or
overtaken in the meantime is never published.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import HalfVector, SparseVector
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import driver_connection, scope
from app.kit.ids import new_id
from app.knowledge import large
from app.knowledge.embedders import STATIC, active_embedder
from app.knowledge.index_lock import lock_index
from app.knowledge.models import UNDER_WAY, Document, DocumentVersion
from app.knowledge.unheard import may_stand_in
from ingest.chunk import Chunk
from ingest.embed import Vectors
from ingest.lexical import DIMENSIONS, Lexical, number

# What a chunk's language is called where none was detected.
UNKNOWN_LANGUAGE = "und"

# COPY refuses tables with row-level security. So chunks come by it into a table that this transaction alone sees, which
# is empty when it ends, and from there through the wall (decision 19). Nothing is compressed on the way, as it would be
# undone at once.
ARRIVING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS arriving_chunk (
        id uuid, document_id uuid, version_id uuid, ordinal int, headings text[], page int, question text, text text,
        dense halfvec, lexical sparsevec, pairs sparsevec, terms bytea
    ) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS;
    DELETE FROM pg_temp.arriving_chunk
"""
ADD_CHUNKS = """
    INSERT INTO chunk (org_id, id, document_id, version_id, ordinal, headings, page, question, text)
    SELECT $1, id, document_id, version_id, ordinal, headings, page, question, text FROM pg_temp.arriving_chunk
"""
ADD_VECTORS = """
    INSERT INTO chunk_vector (org_id, chunk_id, version_id, dense, lexical)
    SELECT $1, id, version_id, dense, lexical FROM pg_temp.arriving_chunk
"""
ADD_PAIRS = """
    INSERT INTO chunk_pairs (org_id, chunk_id, version_id, pairs, reads, terms)
    SELECT $1, id, version_id, pairs, hashtextextended(text, 0), terms FROM pg_temp.arriving_chunk
"""
ADD_VERSION_TERMS = "INSERT INTO version_terms (org_id, version_id, terms, counts) VALUES ($1, $2, $3, $4)"
ADD_TERMS = """
    INSERT INTO corpus_term AS known (org_id, term, chunks)
    SELECT $1, * FROM unnest($2::int[], $3::int[])
    ON CONFLICT (org_id, term) DO UPDATE SET chunks = known.chunks + excluded.chunks
"""
ADD_WORDS = """
    INSERT INTO corpus_word (org_id, stem, term) SELECT $1, * FROM unnest($2::text[], $3::int[])
    ON CONFLICT DO NOTHING
"""
ADD_TOTALS = """
    INSERT INTO corpus AS known (org_id, language, chunks, terms) VALUES ($1, $2, $3, $4)
    ON CONFLICT (org_id, language)
    DO UPDATE SET chunks = known.chunks + excluded.chunks, terms = known.terms + excluded.terms
"""
TAKE_TERMS = """
    UPDATE corpus_term AS known SET chunks = known.chunks - gone.count
    FROM (SELECT * FROM version_terms v, unnest(v.terms, v.counts) AS u(term, count)
          WHERE v.org_id = $1 AND v.version_id = $2) AS gone
    WHERE known.org_id = $1 AND known.term = gone.term
"""
TAKE_TOTALS = """
    UPDATE corpus AS known SET chunks = known.chunks - gone.chunks, terms = known.terms - gone.terms
    FROM (SELECT coalesce(version.language, $3) AS language, version.chunks,
                 (SELECT coalesce(sum(count), 0) FROM unnest(terms.counts) AS count) AS terms
          FROM document_version version JOIN version_terms terms ON terms.version_id = version.id
          WHERE version.org_id = $1 AND version.id = $2) AS gone
    WHERE known.org_id = $1 AND known.language = gone.language
"""
FORGET_TERMS = """
    WITH gone AS (
        DELETE FROM corpus_term WHERE org_id = $1 AND chunks <= 0
            AND term IN (SELECT unnest(terms) FROM version_terms WHERE org_id = $1 AND version_id = $2)
        RETURNING term
    )
    DELETE FROM corpus_word word USING gone WHERE word.org_id = $1 AND word.term = gone.term
"""
# In this order: the counts are read from version_terms before it goes.
TAKE_ROWS = ("chunk_vector", "chunk_pairs", "chunk", "version_terms", "document_file")


@dataclass(frozen=True, slots=True)
class Indexed:
    """All that a version brings into search; `dense` and `lexical` have a row for each chunk."""

    version_id: UUID
    language: str | None
    chunks: Sequence[Chunk]
    dense: Vectors
    lexical: Sequence[Lexical]
    embedder: str = STATIC

    def term_counts(self) -> Counter[int]:
        """In how many of its chunks each term stands."""
        return Counter(term for row in self.lexical for term in row.terms)

    def words(self) -> set[str]:
        """Its terms as they are spelt, those that may stand in for others."""
        return {stem for row in self.lexical for stem in row.spelt if may_stand_in(stem)}


class OtherEmbedder(Exception):
    """Another embedder took over while the version was embedded: it is to be embedded again."""


async def publish(session: AsyncSession, indexed: Indexed) -> Document | None:
    """Makes a version searchable in place of the one before it. None, and no change, where nobody wants it.

    Raises OtherEmbedder.
    """
    await lock_index(session)
    document = await wanted(session, indexed.version_id)
    if document is None:
        return None
    if (await active_embedder(session)).embedder != indexed.embedder:
        raise OtherEmbedder
    if document.current_version_id is not None:
        await retire(session, document.current_version_id)
    await add(session, [(document.id, indexed)])
    title = select(DocumentVersion.title).where(DocumentVersion.id == indexed.version_id)
    document.title = await session.scalar(title.where(DocumentVersion.org_id == scope(session)))
    document.current_version_id = indexed.version_id
    await _set_ready(session, indexed)
    await large.keep_in_step(session)
    return document


async def wanted(session: AsyncSession, version_id: UUID) -> Document | None:
    """The version's document, locked; None where it was deleted or the version is no longer being made.

    The lock comes first and the states are read after it: what was true before a wait may be so no longer.
    """
    version = DocumentVersion.id == version_id, DocumentVersion.org_id == scope(session)
    owner = select(DocumentVersion.document_id).where(*version).scalar_subquery()
    query = select(Document).where(Document.org_id == scope(session), Document.id == owner)
    locked = query.with_for_update().execution_options(populate_existing=True)
    document = (await session.scalars(locked)).one_or_none()
    state = await session.scalar(select(DocumentVersion.state).where(*version))
    return document if document and document.deleted_at is None and state in UNDER_WAY else None


async def add(session: AsyncSession, versions: Sequence[tuple[UUID, Indexed]]) -> None:
    """Writes versions, each with its document's id, to the index, and counts them. The index must be locked."""
    connection = await driver_connection(session)
    org_id = scope(session)
    await connection.execute(ARRIVING)
    arriving = (row for document_id, one in versions for row in _rows(document_id, one))
    await connection.copy_records_to_table("arriving_chunk", schema_name="pg_temp", records=arriving)
    for statement in (ADD_CHUNKS, ADD_VECTORS, ADD_PAIRS):
        await connection.execute(statement, org_id)
    counts = [(one, one.term_counts()) for _, one in versions]
    each = [(org_id, one.version_id, list(count), list(count.values())) for one, count in counts]
    await connection.executemany(ADD_VERSION_TERMS, each)
    await _add_counts(connection, org_id, counts)
    await large.added(
        session, [one.version_id for _, one in versions], sum(len(one.chunks) for _, one in versions)
    )


def _rows(document_id: UUID, version: Indexed) -> Iterator[tuple[object, ...]]:
    """The version's chunks as rows of ARRIVING."""
    for chunk, dense, words in zip(version.chunks, version.dense, version.lexical, strict=True):
        yield (
            new_id(),
            document_id,
            version.version_id,
            chunk.ordinal,
            chunk.headings,
            chunk.page,
            chunk.question,
            # The one character that PostgreSQL cannot store.
            chunk.text.replace("\x00", ""),
            HalfVector(dense),
            SparseVector(words.terms, DIMENSIONS),
            SparseVector(words.pairs, DIMENSIONS),
            np.array(sorted(words.terms), ">i4").tobytes(),
        )


async def _add_counts(
    connection: Any, org_id: UUID, versions: Sequence[tuple[Indexed, Counter[int]]]
) -> None:
    terms: Counter[int] = Counter()
    chunks: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for indexed, counts in versions:
        language = indexed.language or UNKNOWN_LANGUAGE
        terms.update(counts)
        chunks[language] += len(indexed.chunks)
        totals[language] += counts.total()
    await connection.execute(ADD_TERMS, org_id, list(terms), list(terms.values()))
    stems = sorted({stem for indexed, _ in versions for stem in indexed.words()})
    await connection.execute(ADD_WORDS, org_id, stems, list(map(number, stems)))
    each = [(org_id, language, count, totals[language]) for language, count in chunks.items()]
    await connection.executemany(ADD_TOTALS, each)


async def _set_ready(session: AsyncSession, indexed: Indexed) -> None:
    ready = {
        "state": "ready",
        "ready_at": now(),
        "chunks": len(indexed.chunks),
        "language": indexed.language,
    }
    version = DocumentVersion.id == indexed.version_id
    await session.execute(
        update(DocumentVersion).where(DocumentVersion.org_id == scope(session), version).values(ready)
    )


async def retire(session: AsyncSession, version_id: UUID) -> None:
    """Takes a published version out of search. The index must be locked."""
    await large.taken(session, version_id)
    connection = await driver_connection(session)
    await connection.execute(TAKE_TERMS, scope(session), version_id)
    await connection.execute(TAKE_TOTALS, scope(session), version_id, UNKNOWN_LANGUAGE)
    await connection.execute(FORGET_TERMS, scope(session), version_id)
    for table in TAKE_ROWS:
        await session.execute(
            text(f"DELETE FROM {table} WHERE org_id = :org AND version_id = :version"),  # noqa: S608 - names above
            {"org": scope(session), "version": version_id},
        )
    superseded = update(DocumentVersion).where(
        DocumentVersion.org_id == scope(session), DocumentVersion.id == version_id
    )
    await session.execute(superseded.values(state="superseded"))
