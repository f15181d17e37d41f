"""Documents: searchable all at once, gone at once, never twice, and nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.knowledge import indexing
from app.knowledge.documents import (
    DocumentEmpty,
    DocumentTooLarge,
    DocumentUnknown,
    NothingToRetry,
    add_document,
    delete_document,
    replace,
    retry_document,
)
from app.knowledge.indexing import index_version
from app.knowledge.models import Chunk, DocumentFile, DocumentVersion
from app.knowledge.publishing import Indexed
from app.knowledge.queries import (
    document_detail,
    knowledge_head,
    latest_version,
    list_documents,
    neighbours,
    waiting_versions,
)
from app.knowledge.search import Query, search
from tests.rooms.knowledge_factories import index_document

# Sections as long as chunks, so that each becomes one.
FILLER = b"\n\nFurther remarks stand here, and there are many of them to read." * 18
HANDBOOK = b"# Returns\n\nParcels may be returned within thirty days." + FILLER
HANDBOOK += b"\n\n# Warranty\n\nThe warranty lasts two years." + FILLER
NEXT_EDITION = b"# Returns\n\nParcels may be returned within ninety days." + FILLER


async def found(session: AsyncSession, question: str) -> list[str]:
    return [passage.text for passage in await search(session, Query(question))]


async def counts(session: AsyncSession) -> tuple[int, int, int]:
    """What the index says of itself: chunks, the sum of document frequencies, and what the vectors really hold."""
    chunks, terms = (
        await session.execute(text("SELECT coalesce(sum(chunks), 0), coalesce(sum(terms), 0) FROM corpus"))
    ).one()
    frequencies = await session.scalar(text("SELECT coalesce(sum(chunks), 0) FROM corpus_term"))
    rows = await session.scalar(text("SELECT count(*) FROM chunk_vector"))
    assert chunks == rows
    assert terms == frequencies
    return chunks, terms, rows


async def test_a_document_goes_from_queued_to_ready_and_is_found(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        document = await add_document(session, name="handbook.md", content=HANDBOOK, added_by=None)
        assert (await latest_version(session, document.id)).state == "queued"
        waiting = await waiting_versions(session)
        assert await found(session, "How long is the warranty?") == []
    for version_id in waiting:
        await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        [listed] = await list_documents(session)
        assert (listed.version.state, listed.searchable) == ("ready", True)
        assert set(listed.version.timings) == {"parsing", "chunking", "embedding", "indexing"}
        assert (listed.version.chunks, listed.version.language) == (2, "en")
        passages = await search(session, Query("How long is the warranty?"))
        assert "The warranty lasts two years." in passages[0].text
        assert passages[0].headings == ("Warranty",)
        assert (passages[0].document_id, passages[0].document_name) == (document.id, "handbook.md")


async def test_a_step_can_be_seen_while_it_runs(
    database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = indexing._enter

    async def watched(work: indexing.Work, state: str, **facts: object) -> None:
        await real(work, state, **facts)
        async with database.transaction(org_id) as session:
            [listed] = await list_documents(session)
            seen.append(listed.version.state)

    monkeypatch.setattr(indexing, "_enter", watched)
    await index_document(database, org_id, "handbook.md", HANDBOOK)
    assert seen == ["parsing", "chunking", "embedding", "indexing"]


async def test_the_old_version_answers_until_the_new_one_is_ready(database: Database, org_id: UUID) -> None:
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        await replace(session, document.id, content=NEXT_EDITION)
        [version_id] = await waiting_versions(session)
    async with database.transaction(org_id) as session:
        assert any("thirty days" in passage for passage in await found(session, "return a parcel"))
        [listed] = await list_documents(session)
        assert (listed.version.number, listed.version.state, listed.searchable) == (2, "queued", True)
    await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        passages = await found(session, "return a parcel, warranty")
        assert len(passages) == 1
        assert "ninety days" in passages[0]
        detail = await document_detail(session, document.id)
        assert detail is not None
        assert [(version.number, version.state) for version in detail.versions] == [
            (2, "ready"),
            (1, "superseded"),
        ]
        assert await session.scalar(select(func.count()).select_from(DocumentFile)) == 1
        await counts(session)


async def test_publication_is_one_moment(database: Database, org_id: UUID) -> None:
    """Whoever searches while a version replaces another sees all of one or all of the other."""
    first = b"\n\n".join(
        b"# Part %d\n\nThe old widget number %d is blue." % (n, n) + FILLER for n in range(30)
    )
    document = await index_document(database, org_id, "parts.md", first)
    async with database.transaction(org_id) as session:
        await replace(session, document.id, content=first.replace(b"old", b"new"))
        [version_id] = await waiting_versions(session)
    work = asyncio.create_task(index_version(database, org_id, version_id))
    seen = set()
    while not work.done():
        async with database.transaction(org_id) as session:
            texts = await search(session, Query("widget blue"), limit=100)
        seen.add(frozenset("old" if "old widget" in passage.text else "new" for passage in texts))
    await work
    assert seen <= {frozenset({"old"}), frozenset({"new"})}
    async with database.transaction(org_id) as session:
        assert all("new widget" in passage for passage in await found(session, "widget blue"))


async def test_deleting_is_at_once_and_leaves_nothing(database: Database, org_id: UUID) -> None:
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        assert (await counts(session))[0] == 2
        await delete_document(session, document.id)
    async with database.transaction(org_id) as session:
        assert await found(session, "warranty") == []
        assert await list_documents(session) == []
        assert await document_detail(session, document.id) is None
        assert await counts(session) == (0, 0, 0)
        for model in (Chunk, DocumentFile):
            assert await session.scalar(select(func.count()).select_from(model)) == 0
        with pytest.raises(DocumentUnknown):
            await delete_document(session, document.id)


@pytest.mark.parametrize("step", ["parsing", "chunking", "embedding", "indexing"])
async def test_a_document_deleted_while_it_is_indexed_stays_deleted(
    database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def delete() -> None:
        async with database.transaction(org_id) as session:
            [listed] = await list_documents(session)
            await delete_document(session, listed.document.id)

    await _interfere(database, org_id, monkeypatch, step, delete)
    async with database.transaction(org_id) as session:
        assert await found(session, "warranty") == []
        states = list(await session.scalars(select(DocumentVersion.state)))
        assert states == ["superseded"]
        assert await counts(session) == (0, 0, 0)


async def test_a_version_that_was_overtaken_is_not_published(
    database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtake() -> None:
        async with database.transaction(org_id) as session:
            [listed] = await list_documents(session)
            await replace(session, listed.document.id, content=NEXT_EDITION)

    await _interfere(database, org_id, monkeypatch, "indexing", overtake)
    async with database.transaction(org_id) as session:
        assert await found(session, "warranty") == []
        [version_id] = await waiting_versions(session)
    monkeypatch.undo()
    await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        assert "ninety days" in (await found(session, "returned parcels"))[0]


async def _interfere(
    database: Database,
    org_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    doing: Callable[[], Awaitable[None]],
) -> None:
    """Indexes the handbook and does something just after it has entered `step`."""
    real = indexing._enter

    async def enter(work: indexing.Work, state: str, **facts: object) -> None:
        await real(work, state, **facts)
        if state == step:
            await doing()

    monkeypatch.setattr(indexing, "_enter", enter)
    await index_document(database, org_id, "handbook.md", HANDBOOK)


async def test_a_job_that_died_on_the_way_begins_anew(
    database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `kill -9`: the transaction that was under way is gone, the version still says "indexing"."""

    async def die(*_: object) -> None:
        raise OSError("the connection is gone")

    with monkeypatch.context() as dying:
        dying.setattr(indexing, "publish", die)
        with pytest.raises(OSError, match="gone"):
            await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        [listed] = await list_documents(session)
        assert (listed.version.state, listed.searchable) == ("indexing", False)
    for _ in range(2):  # a job may run twice
        await index_version(database, org_id, listed.version.id)
    async with database.transaction(org_id) as session:
        assert len(await found(session, "warranty")) == 2
        assert (await counts(session))[0] == 2


async def test_two_workers_with_the_same_version_publish_it_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        await add_document(session, name="handbook.md", content=HANDBOOK, added_by=None)
        [version_id] = await waiting_versions(session)
    await asyncio.gather(*(index_version(database, org_id, version_id) for _ in range(2)))
    async with database.transaction(org_id) as session:
        assert (await counts(session))[0] == 2


async def test_the_same_content_is_recognised(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        first = await add_document(session, name="handbook.md", content=HANDBOOK, added_by=None)
        again = await add_document(session, name="copy of handbook.md", content=HANDBOOK, added_by=None)
        assert again.id == first.id
        await replace(session, first.id, content=HANDBOOK)
        assert (await latest_version(session, first.id)).number == 1
        await delete_document(session, first.id)
    async with database.transaction(org_id) as session:
        anew = await add_document(session, name="handbook.md", content=HANDBOOK, added_by=None)
        assert anew.id != first.id


async def test_what_failed_says_why_and_can_be_tried_again(database: Database, org_id: UUID) -> None:
    document = await index_document(database, org_id, "noise.pdf", b"%PDF-1.4\nthis is no PDF")
    async with database.transaction(org_id) as session:
        version = await latest_version(session, document.id)
        assert version.state == "failed"
        assert version.failure_code == "broken"
        assert version.failure_message
        await retry_document(session, document.id)
        assert (await latest_version(session, document.id)).state == "queued"
        with pytest.raises(NothingToRetry):
            await retry_document(session, document.id)
    await index_version(database, org_id, version.id)
    async with database.transaction(org_id) as session:
        await replace(session, document.id, content=HANDBOOK)
        [version_id] = await waiting_versions(session)
    await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        assert len(await found(session, "warranty")) == 2


async def test_a_fault_of_ours_is_stored_too(
    database: Database, org_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Indexed:
        raise ValueError("no")

    monkeypatch.setattr(indexing, "embed", broken)
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        version = await latest_version(session, document.id)
        assert (version.state, version.failure_code) == ("failed", "unexpected")


async def test_what_cannot_be_taken_is_refused(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        with pytest.raises(DocumentEmpty):
            await add_document(session, name="empty.txt", content=b"", added_by=None)
        with pytest.raises(DocumentTooLarge, match="larger than 1 MB"):
            await add_document(
                session, name="big.txt", content=b"x" * 1_048_577, added_by=None, limit=1_048_576
            )


async def test_organisations_do_not_see_one_another(
    database: Database, org_id: UUID, other_org_id: UUID
) -> None:
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(other_org_id) as session:
        assert await found(session, "warranty") == []
        assert await list_documents(session) == []
        assert await document_detail(session, document.id) is None
        assert await knowledge_head(session) == (None, 0)
        with pytest.raises(DocumentUnknown):
            await delete_document(session, document.id)
        for table in ("document", "document_version", "document_file", "chunk", "chunk_vector", "chunk_pairs",
                      "version_terms", "corpus", "corpus_term"):  # fmt: skip
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table  # noqa: S608 - names above
    async with database.transaction(org_id) as session:
        assert len(await found(session, "warranty")) == 2


async def test_a_chunk_knows_its_neighbours(database: Database, org_id: UUID) -> None:
    content = b"\n\n".join(b"# Part %d\n\nText of part %d." % (n, n) + FILLER for n in range(5))
    document = await index_document(database, org_id, "parts.md", content)
    async with database.transaction(org_id) as session:
        detail = await document_detail(session, document.id)
        assert detail is not None
        assert [chunk.ordinal for chunk in await neighbours(session, detail.chunks[2].id)] == [1, 2, 3]
        assert [chunk.ordinal for chunk in await neighbours(session, detail.chunks[0].id, after=2)] == [
            0,
            1,
            2,
        ]


async def test_who_watches_is_told(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        before = await knowledge_head(session)
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        ready = await knowledge_head(session)
        await delete_document(session, document.id)
    async with database.transaction(org_id) as session:
        deleted = await knowledge_head(session)
    assert before == deleted == (None, 0)
    assert ready not in {before, deleted}
