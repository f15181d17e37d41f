"""Versions: searchable all at once, replaced in one moment, and never published when no longer wanted."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.kit.db import Database
from app.knowledge import indexing
from app.knowledge.documents import (
    DocumentUnknown,
    add_document,
    delete_document,
    replace,
)
from app.knowledge.indexing import index_version
from app.knowledge.models import Chunk, DocumentFile, DocumentVersion
from app.knowledge.queries import (
    document_detail,
    list_documents,
    waiting_versions,
)
from app.knowledge.search import Query, search
from tests.rooms.knowledge_factories import FILLER, HANDBOOK, NEXT_EDITION, counts, found, index_document


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
