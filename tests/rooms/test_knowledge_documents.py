"""Documents: never twice, gone at once, and nobody else's."""

from uuid import UUID

import pytest
from sqlalchemy import text

from app.kit.db import Database
from app.knowledge import indexing
from app.knowledge.documents import (
    DocumentEmpty,
    DocumentTooLarge,
    DocumentUnknown,
    NothingToRetry,
    add_document,
    delete_document,
    put_document,
    replace,
    retry_document,
)
from app.knowledge.indexing import index_version
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
from tests.ingest.drawn import from_the_right
from tests.rooms.knowledge_factories import FILLER, HANDBOOK, NEXT_EDITION, found, index_document


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


async def test_a_pdf_file_that_is_written_from_the_right_is_found_and_quoted_as_it_is_read(
    database: Database, org_id: UUID
) -> None:
    returns = ["يمكن", "إرجاع", "أي", "منتج", "خلال", "30", "يوما", "من", "تاريخ", "الاستلام."]
    parking = ["المواقف", "خلف", "المبنى", "مفتوحة", "للزوار", "كل", "يوم."]
    async with database.transaction(org_id) as session:
        for name, line in (("returns.pdf", returns), ("parking.pdf", parking)):
            content = from_the_right([line], as_read=False)
            await add_document(session, name=name, content=content, added_by=None)
        waiting = await waiting_versions(session)
    for version_id in waiting:
        await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        passages = await search(session, Query("أين المواقف؟"))
        assert passages[0].text == " ".join(parking)
        assert (await search(session, Query("إرجاع منتج")))[0].text == " ".join(returns)


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
        assert await knowledge_head(session) == (None, 0, None)
        with pytest.raises(DocumentUnknown):
            await delete_document(session, document.id)
        for table in ("document", "document_version", "document_file", "chunk", "chunk_vector", "chunk_pairs",
                      "version_terms", "corpus", "corpus_term", "corpus_word"):  # fmt: skip
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
    assert before == deleted == (None, 0, None)
    assert ready not in {before, deleted}


async def test_uploading_a_file_again_is_its_next_version(database: Database, org_id: UUID) -> None:
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        again = await put_document(session, name="handbook.md", content=NEXT_EDITION, added_by=None)
        assert again.id == document.id
        [version_id] = await waiting_versions(session)
        other = await put_document(session, name="other.md", content=HANDBOOK, added_by=None)
        assert other.id == document.id  # its first version still answers, with the same content
    await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        assert "ninety days" in (await found(session, "When may parcels be returned?"))[0]
