"""A folder of corpus.jsonl, queries.jsonl and qrels.tsv, and how it becomes an organisation's knowledge."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import Database, scope
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.knowledge.index_lock import lock_index
from app.knowledge.indexing import embed
from app.knowledge.models import Document, DocumentVersion
from app.knowledge.publishing import Indexed, add
from app.knowledge.question import Query
from app.tenancy.organisations import create_organisation
from ingest.chunk import SIZE_TOKENS, Chunk, chunk
from ingest.language import detect
from ingest.parsed import Page, Parsed

# Longer texts are whole pages and are cut as uploads are; shorter ones are passages already.
PASSAGE_CHARACTERS = 3_000
# Documents indexed in one transaction.
BATCH = 500
# Everything that a scratch organisation leaves behind, in an order that references allow.
TABLES = (
    "event",
    "participant",
    "message",
    "conversation",
    "corpus_term",
    "corpus_word",
    "large_index",
    "search_index",
    "corpus",
    "chunk_vector",
    "chunk_pairs",
    "chunk",
    "version_terms",
    "document_file",
    "document_version",
    "document",
)

Progress = Callable[[str, int, int], None]


class EvaluationSetMissing(Invalid):
    """A folder with corpus.jsonl, queries.jsonl and qrels.tsv is needed."""

    code = "evaluation_set_missing"
    title = "No evaluation set"


class Entry(msgspec.Struct, frozen=True):
    """A text that can be found. `bot` and `lang` part a set into corpora that don't see one another."""

    id: str
    text: str
    title: str = ""
    url: str = ""
    bot: str = ""
    lang: str = ""


class Turn(msgspec.Struct, frozen=True):
    role: str
    text: str


class Asked(msgspec.Struct, frozen=True):
    id: str
    text: str
    history: tuple[Turn, ...] = ()
    answerable: bool = True
    bot: str = ""
    lang: str = ""
    conversation: str = ""

    def query(self) -> Query:
        asked = tuple(turn.text for turn in self.history if turn.role == "user")
        answered = [turn.text for turn in self.history if turn.role != "user"]
        return Query(self.text, asked, answered[-1] if answered else "", written=True)


Line = TypeVar("Line", Entry, Asked)


@dataclass(frozen=True)
class Corpus:
    """One corpus of a set with the questions that are asked of it. `relevant`: question id -> entry ids."""

    name: str
    entries: Sequence[Entry]
    queries: Sequence[Asked]
    relevant: dict[str, set[str]]


def read_set(directory: Path) -> list[Corpus]:
    """The corpora of a set. Raises EvaluationSetMissing."""
    missing = [
        name for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv") if not (directory / name).is_file()
    ]
    if missing:
        raise EvaluationSetMissing(f"{directory} lacks {', '.join(missing)}.")
    entries: dict[str, list[Entry]] = defaultdict(list)
    queries: dict[str, list[Asked]] = defaultdict(list)
    for entry in _lines(directory / "corpus.jsonl", Entry):
        entries[entry.bot or entry.lang].append(entry)
    for asked in _lines(directory / "queries.jsonl", Asked):
        queries[asked.bot or asked.lang].append(asked)
    relevant = _relevant(directory / "qrels.tsv")
    return [Corpus(name, found, queries[name], relevant) for name, found in entries.items()]


def _lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    with path.open("rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=kind)


def _relevant(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        query, entry, relevance = line.split("\t")
        if int(relevance) > 0:
            found[query].add(entry)
    return dict(found)


async def scratch_organisation(database: Database) -> UUID:
    """An organisation for one evaluation; `remove` it afterwards."""
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug=f"eval-{new_id().hex}", name="Evaluation")
        return organisation.id


async def load(database: Database, org_id: UUID, corpus: Corpus, progress: Progress) -> None:
    """Makes the corpus the organisation's knowledge. Each entry is a document named by the entry's id."""
    for start in range(0, len(corpus.entries), BATCH):
        progress("indexing", start, len(corpus.entries))
        batch = await asyncio.to_thread(_prepare, corpus.entries[start : start + BATCH])
        async with database.transaction(org_id) as session:
            await _store(session, batch)
    progress("indexing", len(corpus.entries), len(corpus.entries))


def _prepare(entries: Sequence[Entry]) -> list[tuple[Entry, Indexed]]:
    return [(entry, _indexed(entry)) for entry in entries]


def _indexed(entry: Entry) -> Indexed:
    language = entry.lang or detect(entry.text)
    return embed(new_id(), chunks_of(entry, language), language, entry.title)


def chunks_of(entry: Entry, language: str | None, *, size_tokens: int = SIZE_TOKENS) -> Sequence[Chunk]:
    """A passage as it is, a page as the chunker cuts it."""
    if len(entry.text) <= PASSAGE_CHARACTERS:
        return [Chunk(ordinal=0, text=entry.text, headings=(), page=None)]
    page = Page(number=None, markdown=entry.text)
    parsed = Parsed(kind="text", mime="text/markdown", title=entry.title, language=language, pages=[page])
    return chunk(parsed, size_tokens=size_tokens)


async def _store(session: AsyncSession, batch: Sequence[tuple[Entry, Indexed]]) -> None:
    await lock_index(session)
    ids = [new_id() for _ in batch]
    documents = [_document(scope(session), at, *pair) for at, pair in zip(ids, batch, strict=True)]
    versions = [_version(scope(session), at, *pair) for at, pair in zip(ids, batch, strict=True)]
    await session.execute(insert(Document), documents)
    await session.execute(insert(DocumentVersion), versions)
    await add(session, list(zip(ids, (indexed for _, indexed in batch), strict=True)))


def _document(org_id: UUID, document_id: UUID, entry: Entry, indexed: Indexed) -> dict[str, object]:
    return {
        "id": document_id,
        "org_id": org_id,
        "name": entry.id,
        "title": entry.title or None,
        "source": "seed",
        "url": entry.url or None,
        "current_version_id": indexed.version_id,
    }


def _version(org_id: UUID, document_id: UUID, entry: Entry, indexed: Indexed) -> dict[str, object]:
    content = entry.text.encode()
    return {
        "id": indexed.version_id,
        "org_id": org_id,
        "document_id": document_id,
        "state": "ready",
        "sha256": sha256(content).digest(),
        "size": len(content),
        "title": entry.title or None,
        "language": indexed.language,
        "chunks": len(indexed.chunks),
        "ready_at": now(),
    }


async def remove(database: Database, org_id: UUID) -> None:
    """Takes a scratch organisation away without a trace."""
    async with database.transaction(org_id) as session:
        for table in TABLES:
            await session.execute(text(f"DELETE FROM {table} WHERE org_id = :org"), {"org": org_id})  # noqa: S608 - names above
        await session.execute(text("DELETE FROM organisation WHERE id = :org"), {"org": org_id})
