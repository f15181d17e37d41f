"""Large organisations: their search has an index of its own, which finds the same and is never behind."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database, scope
from app.knowledge import large
from app.knowledge import search as searching
from app.knowledge.documents import delete_document, replace
from app.knowledge.index_lock import lock_index
from app.knowledge.indexing import index_version
from app.knowledge.queries import waiting_versions
from app.knowledge.question import Statistics, ask, read
from app.knowledge.search import Query, likely, search
from bench.synthetic import Writer
from tests.rooms.knowledge_factories import FILLER, HANDBOOK, NEXT_EDITION, found, index_document

SIZE = 120
COPY = "SELECT count(*) FROM pg_class WHERE relname = :name"


@pytest.fixture(autouse=True)
def soon_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 3)
    monkeypatch.setattr(large, "NO_LONGER_LARGE", 2)


@pytest.fixture(scope="module")
def written() -> Sequence[str]:
    return list(Writer().texts(SIZE))


async def grow(database: Database, org_id: UUID, texts: Sequence[str]) -> None:
    body = "\n\n".join(f"# Part {number}\n\n{one}{FILLER.decode()}" for number, one in enumerate(texts))
    await index_document(database, org_id, "large.md", body.encode())


async def state(database: Database, org_id: UUID) -> str | None:
    async with database.transaction(org_id) as session:
        return await large.state(session)


async def waiting(database: Database, org_id: UUID) -> int:
    async with database.transaction(org_id) as session:
        jobs = "SELECT count(*) FROM pgqueuer WHERE entrypoint = :name AND convert_from(payload, 'UTF8') LIKE :org"
        return int(await session.scalar(text(jobs), {"name": large.JOB, "org": f"%{org_id}%"}) or 0)


async def test_the_same_is_found_as_exactly(database: Database, org_id: UUID, written: Sequence[str]) -> None:
    await grow(database, org_id, written)
    assert await waiting(database, org_id) == 1
    await large.settle(database, org_id)
    assert await state(database, org_id) == "ready"
    writer = Writer()
    async with database.transaction(org_id) as session:
        for one in written[::30]:
            query = Query(writer.question(one))
            exact = [passage.chunk_id for passage in await search(session, query, exactly=True)]
            assert [passage.chunk_id for passage in await search(session, query)] == exact


@pytest.mark.parametrize(("chunks", "near"), [(8_000, 100), (13_000, 130), (30_000, 300), (200_000, 400)])
def test_as_many_neighbours_are_compared_as_the_size_needs(chunks: int, near: int) -> None:
    statistics = Statistics(chunks, chunks * 100, {}, large=True)
    question = ask(read(Query("Where is my parcel?"), "en", ["en"]), statistics, "en")
    compared = likely(question, statistics)
    assert compared is not None
    assert compared.near == near


NEAREST = "SELECT count(*) FROM large_candidates(array_fill(.1, ARRAY[256])::halfvec, '{}/1000000000', '{}', :near, 0)"


async def test_its_graph_is_walked_for_as_many_as_are_wanted_and_as_before_for_what_follows(
    database: Database, org_id: UUID, written: Sequence[str]
) -> None:
    await grow(database, org_id, written)
    await large.settle(database, org_id)
    held = "SELECT current_setting('hnsw.ef_search'), current_setting('enable_seqscan')"
    async with database.transaction(org_id) as session:
        before = (await session.execute(text(held))).one()
        assert await session.scalar(text(NEAREST), {"near": 7}) == 7
        assert (await session.execute(text(held))).one() == before
    with pytest.raises(Exception, match="2000 is outside the valid range"):
        async with database.transaction(org_id) as session:
            await session.scalar(text(NEAREST), {"near": 2_000})


async def test_no_organisation_reads_the_index_of_another(
    database: Database, org_id: UUID, other_org_id: UUID, written: Sequence[str]
) -> None:
    await grow(database, org_id, written[:10])
    await large.settle(database, org_id)
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction(other_org_id) as session:
            await session.execute(text(f"SELECT * FROM large.t_{org_id.hex}"))  # noqa: S608 - made above
    async with database.transaction(other_org_id) as session:
        assert await session.scalar(text("SELECT large_table()")) == f"large.t_{other_org_id.hex}"
        assert await large.state(session) is None


async def test_the_index_follows_every_change(
    database: Database, org_id: UUID, written: Sequence[str]
) -> None:
    await grow(database, org_id, written[:10])
    await large.settle(database, org_id)
    document = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        assert "thirty days" in (await found(session, "Within how many days may parcels be returned?"))[0]
        await replace(session, document.id, content=NEXT_EDITION)
        [version_id] = await waiting_versions(session)
    await index_version(database, org_id, version_id)
    async with database.transaction(org_id) as session:
        passages = await found(session, "Within how many days may parcels be returned?")
        assert "ninety days" in passages[0]
        assert not any("thirty days" in passage for passage in passages)
        await delete_document(session, document.id)
    async with database.transaction(org_id) as session:
        assert not any("ninety days" in one for one in await found(session, "returned parcels"))


async def test_much_at_once_is_found_at_once_while_the_index_is_made_anew(
    database: Database, org_id: UUID, written: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "MANY", 5)
    await grow(database, org_id, written[:10])
    await large.settle(database, org_id)
    async with database.transaction(None) as session:
        await session.execute(text("DELETE FROM pgqueuer"))
    await grow(database, org_id, written[10:30])
    assert (await state(database, org_id), await waiting(database, org_id)) == (None, 1)
    writer = Writer()
    query = Query(writer.question(written[20]))
    for made_anew in (False, True):
        if made_anew:
            await large.settle(database, org_id)
            assert await state(database, org_id) == "ready"
        async with database.transaction(org_id) as session:
            exact = [passage.chunk_id for passage in await search(session, query, exactly=True)]
            assert [passage.chunk_id for passage in await search(session, query)] == exact
            assert written[20][:60] in (await search(session, query))[0].text


OTHER_VECTORS = """
UPDATE chunk_vector
SET dense = subvector(dense, 2, vector_dims(dense) - 1) || subvector(dense, 1, 1)
"""


async def test_other_vectors_while_it_is_built_have_it_built_once_more(
    database: Database, org_id: UUID, written: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another embedder takes over: the chunks stay, so there would be nothing to catch up with."""
    await grow(database, org_id, written[:10])
    locks: list[AsyncSession] = []

    async def lock(session: AsyncSession) -> None:
        locks.append(session)
        if len(locks) == 2:  # built, and not yet in use
            async with database.transaction(org_id) as other:
                await lock_index(other)
                await other.execute(text(OTHER_VECTORS))
                await large.rebuild(other)
        await lock_index(session)

    monkeypatch.setattr(large, "lock_index", lock)
    await large.settle(database, org_id)
    assert await state(database, org_id) == "ready"
    query = Query(Writer().question(written[5]))
    async with database.transaction(org_id) as session:
        exact = [(each.chunk_id, each.dense) for each in await search(session, query, exactly=True)]
        assert [(each.chunk_id, each.dense) for each in await search(session, query)] == exact


async def test_what_changes_while_it_is_built_is_caught_up_with(
    database: Database, org_id: UUID, written: Sequence[str]
) -> None:
    await grow(database, org_id, written[:10])
    old = await index_document(database, org_id, "handbook.md", HANDBOOK)
    async with database.transaction(org_id) as session:
        await session.execute(text("SELECT large_build()"))
    async with database.transaction(org_id) as session:
        await delete_document(session, old.id)
    await index_document(database, org_id, "next.md", NEXT_EDITION)
    async with database.transaction(org_id) as session:
        await session.execute(text("SELECT large_refresh()"))
        await large._set(session, "ready")
    async with database.transaction(org_id) as session:
        passages = await found(session, "Within how many days may parcels be returned?")
        assert "ninety days" in passages[0]
        assert not any("thirty days" in passage for passage in passages)


async def test_an_organisation_that_shrinks_loses_its_index_once_nobody_uses_it(
    database: Database, org_id: UUID, written: Sequence[str]
) -> None:
    await grow(database, org_id, written[:10])
    await large.settle(database, org_id)
    async with database.transaction(org_id) as session:
        document_id = (await search(session, Query(written[0][:80])))[0].document_id
        await delete_document(session, document_id)
    await large.settle(database, org_id)
    assert await state(database, org_id) is None
    async with database.transaction(org_id) as session:
        assert await session.scalar(text(COPY), {"name": f"t_{org_id.hex}"}) == 1
    await large.settle(database, org_id)
    async with database.transaction(org_id) as session:
        assert await session.scalar(text(COPY), {"name": f"t_{org_id.hex}"}) == 0


async def test_a_question_of_common_words_alone_is_compared_with_everything(
    database: Database, org_id: UUID, written: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "RARE", 0)
    await grow(database, org_id, written[:40])
    await large.settle(database, org_id)
    async with database.transaction(org_id) as session:
        assert scope(session) == org_id
        everywhere = Query("further remarks stand here many read")
        exact = await search(session, everywhere, exactly=True)
        assert [one.chunk_id for one in await search(session, everywhere)] == [one.chunk_id for one in exact]
