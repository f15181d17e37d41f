"""Other embedders: what they bring, what becomes of search without them, and how one takes over."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text

from app.config import Settings
from app.kit.db import Database
from app.knowledge import reindex as reindexing
from app.knowledge.documents import add_document, retry_document
from app.knowledge.embedders import STATIC, Models, active_embedder, connect_models
from app.knowledge.endpoints import EndpointFailed
from app.knowledge.finding import find
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from app.knowledge.reindex import EmbedderInUse, begin_reindex, progress, reindex
from app.knowledge.search import Query
from tests.model_server import ModelServer
from tests.rooms.knowledge_factories import FILLER, index_document

GARAGE = b"# Garage\n\nEvery car is washed on Fridays." + FILLER
CANTEEN = b"# Canteen\n\nSoup is served at noon." + FILLER


@pytest.fixture
async def models(model: ModelServer) -> AsyncIterator[Models]:
    settings = Settings(
        embeddings_base_url=model.url,
        embeddings_model="scripted",
        embeddings_dimensions=64,
        search_deadline_s=1,
    )
    made = connect_models(settings)
    yield made
    await made.close()


async def take_over(database: Database, org_id: UUID, models: Models) -> None:
    async with database.transaction(org_id) as session:
        await begin_reindex(session, models.wanted)
    await reindex(database, models, org_id, models.wanted)


async def embedder(database: Database, org_id: UUID) -> tuple[str, int]:
    async with database.transaction(org_id) as session:
        active = await active_embedder(session)
    return active.embedder, active.dimensions


async def dimensions(database: Database, org_id: UUID) -> tuple[list[int], int]:
    """Of each vector that is searched; and how many rows there are of an embedder that is yet to take over."""
    async with database.transaction(org_id) as session:
        used = await session.scalars(text("SELECT vector_dims(dense) FROM chunk_vector ORDER BY 1"))
        tables = ("SELECT count(*) FROM next_vector", "SELECT count(*) FROM next_index")
        return list(used), sum([await session.scalar(text(table)) or 0 for table in tables])


async def documents(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "garage.md", GARAGE)
    await index_document(database, org_id, "canteen.md", CANTEEN)


async def test_an_endpoint_takes_over_and_the_own_embedder_takes_back(
    database: Database, org_id: UUID, models: Models
) -> None:
    await documents(database, org_id)
    await take_over(database, org_id, models)
    assert await embedder(database, org_id) == ("scripted/64", 64)
    assert await dimensions(database, org_id) == ([64, 64], 0)  # nothing is left of the one before
    found = await find(database, models, org_id, Query("automobile"))
    assert found.notes == ()
    assert found.passages[0].document_name == "garage.md"
    assert found.passages[0].dense > 0
    await take_over(database, org_id, Models())
    assert await embedder(database, org_id) == (STATIC, 256)
    assert await dimensions(database, org_id) == ([256, 256], 0)
    assert (await find(database, Models(), org_id, Query("soup"))).passages[0].document_name == "canteen.md"


async def test_a_connection_that_the_endpoint_has_just_ended_is_no_failure(
    database: Database, org_id: UUID, models: Models, model: ModelServer
) -> None:
    """Many give a silent one up after five seconds. The question that met such a moment was searched by words alone."""
    await documents(database, org_id)
    await take_over(database, org_id, models)
    model.side.impatient = True
    for _ in range(3):
        found = await find(database, models, org_id, Query("automobile"))
        assert found.notes == ()
        assert found.passages[0].document_name == "garage.md"


async def test_search_goes_on_until_all_is_there_and_what_stopped_goes_on(
    database: Database, org_id: UUID, models: Models, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 1)
    await documents(database, org_id)
    async with database.transaction(org_id) as session:
        await begin_reindex(session, models.wanted)
    assert await reindexing._advance(database, models, org_id, models.wanted, None)
    model.side.status, model.side.fail_times = 401, 1
    with pytest.raises(EndpointFailed, match="EMBEDDINGS_API_KEY"):
        await reindex(database, models, org_id, models.wanted)
    async with database.transaction(org_id) as session:
        stands = await progress(session)
    assert stands is not None
    assert (stands.done, stands.total) == (1, 2)
    assert "refuses the key" in (stands.failure or "")
    assert (await find(database, models, org_id, Query("soup"))).passages[0].document_name == "canteen.md"
    asked = len(model.side.requests)
    await reindex(database, models, org_id, models.wanted)
    assert len(model.side.requests) == asked + 1  # what was there was not made again
    assert (await embedder(database, org_id))[0] == "scripted/64"


async def test_a_command_and_a_worker_share_the_work(
    database: Database, org_id: UUID, models: Models, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each made every batch, and an endpoint that is paid for was paid twice."""
    monkeypatch.setattr(reindexing, "BATCH", 1)
    await documents(database, org_id)
    async with database.transaction(org_id) as session:
        await begin_reindex(session, models.wanted)
    model.side.pause_s = 0.1
    await asyncio.gather(*(reindex(database, models, org_id, models.wanted) for _ in range(2)))
    assert len(model.side.requests) == 2
    assert (await embedder(database, org_id))[0] == "scripted/64"


async def test_a_document_that_comes_meanwhile_is_not_forgotten(
    database: Database, org_id: UUID, models: Models
) -> None:
    await index_document(database, org_id, "garage.md", GARAGE)
    async with database.transaction(org_id) as session:
        await begin_reindex(session, models.wanted)
    await reindexing._advance(database, models, org_id, models.wanted, None)
    await index_document(database, org_id, "canteen.md", CANTEEN)
    await reindex(database, models, org_id, models.wanted)
    found = await find(database, models, org_id, Query("soup at noon"))
    assert found.passages[0].document_name == "canteen.md"
    assert found.passages[0].dense > 0


async def test_a_version_embedded_by_the_one_before_is_embedded_again(
    database: Database, org_id: UUID, models: Models
) -> None:
    await index_document(database, org_id, "garage.md", GARAGE)
    await take_over(database, org_id, models)
    async with database.transaction(org_id) as session:
        document = await add_document(session, name="canteen.md", content=CANTEEN, added_by=None)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id, models)
    assert (await find(database, models, org_id, Query("soup"))).passages[0].dense > 0


async def test_without_its_endpoint_search_goes_by_words_and_says_so(
    database: Database, org_id: UUID, models: Models, model: ModelServer
) -> None:
    await documents(database, org_id)
    await take_over(database, org_id, models)
    model.side.hangs = True
    found = await find(database, models, org_id, Query("When is soup served?"))
    assert found.passages[0].document_name == "canteen.md"
    assert "by words alone" in found.notes[0]
    assert "did not answer within 1 s" in found.notes[0]
    again = await find(database, models, org_id, Query("When is soup served?"))
    assert "left alone" in again.notes[0]
    gone = await find(database, Models(), org_id, Query("When is soup served?"))
    assert "run `frontdesk reindex`" in gone.notes[0]
    assert gone.passages[0].document_name == "canteen.md"


async def test_a_document_that_cannot_be_embedded_fails_with_a_reason_and_can_be_tried_again(
    database: Database, org_id: UUID, models: Models, model: ModelServer
) -> None:
    await index_document(database, org_id, "garage.md", GARAGE)
    await take_over(database, org_id, models)
    model.side.status, model.side.fail_times = 400, 1
    document = await index_document(database, org_id, "canteen.md", CANTEEN, models)
    async with database.transaction(org_id) as session:
        failed = await latest_version(session, document.id)
        assert failed.failure_code == "embeddings_unavailable"
        await retry_document(session, document.id)
    await index_version(database, org_id, failed.id, models)
    async with database.transaction(org_id) as session:
        assert (await latest_version(session, document.id)).state == "ready"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"data": []}, "0 embeddings for 1 texts"),
        ({"object": "list"}, "no list of embeddings"),
        ({"data": [{"index": 0, "embedding": [1.0, 2.0]}]}, "2 dimensions instead of 64"),
        ({"data": [{"index": 0, "embedding": []}]}, "vectors of different lengths"),
    ],
)
async def test_bad_answers_are_named(models: Models, model: ModelServer, answer: object, said: str) -> None:
    model.side.answer = answer
    assert models.embedder is not None
    with pytest.raises(EndpointFailed, match=said):
        await models.embedder.embed(["text"])


async def test_a_busy_endpoint_is_asked_again(models: Models, model: ModelServer) -> None:
    model.side.status, model.side.fail_times = 429, 1
    assert models.embedder is not None
    assert (await models.embedder.embed(["text"])).shape == (1, 64)


@pytest.fixture
async def of_their_own(model: ModelServer) -> AsyncIterator[Models]:
    """An endpoint whose model decides how long its vectors are."""
    made = connect_models(Settings(embeddings_base_url=model.url, embeddings_model="scripted"))
    yield made
    await made.close()


async def test_a_model_that_grows_while_it_is_used_spoils_one_document_and_says_what_to_do(
    database: Database, org_id: UUID, of_their_own: Models, model: ModelServer
) -> None:
    """Vectors of two lengths in one organisation would end every search of it."""
    await index_document(database, org_id, "garage.md", GARAGE)
    await take_over(database, org_id, of_their_own)
    model.side.dimensions = 32
    document = await index_document(database, org_id, "canteen.md", CANTEEN, of_their_own)
    async with database.transaction(org_id) as session:
        failed = await latest_version(session, document.id)
    assert (failed.state, failed.failure_code) == ("failed", "other_dimensions")
    assert "`frontdesk reindex`" in (failed.failure_message or "")
    found = await find(database, of_their_own, org_id, Query("Is every car washed?"))
    assert found.passages[0].document_name == "garage.md"


async def test_a_model_that_grows_while_it_takes_over_is_stopped(
    database: Database,
    org_id: UUID,
    of_their_own: Models,
    model: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 1)
    await documents(database, org_id)
    async with database.transaction(org_id) as session:
        await begin_reindex(session, of_their_own.wanted)
    assert await reindexing._advance(database, of_their_own, org_id, of_their_own.wanted, None)
    model.side.dimensions = 32
    with pytest.raises(EndpointFailed, match=r"32 dimensions after 48.*EMBEDDINGS_DIMENSIONS"):
        await reindex(database, of_their_own, org_id, of_their_own.wanted)
    assert (await embedder(database, org_id))[0] == STATIC
    assert (await find(database, of_their_own, org_id, Query("soup"))).passages


async def test_an_endpoint_may_take_over_before_there_is_anything_to_search(
    database: Database, org_id: UUID, models: Models
) -> None:
    """Its vectors were taken for as long as our own, and no question was compared with them ever after."""
    await take_over(database, org_id, models)
    assert await embedder(database, org_id) == ("scripted/64", 64)
    async with database.transaction(org_id) as session:
        document = await add_document(session, name="garage.md", content=GARAGE, added_by=None)
        version = await latest_version(session, document.id)
    await index_version(database, org_id, version.id, models)
    found = await find(database, models, org_id, Query("automobile"))
    assert (found.notes, found.passages[0].dense > 0) == ((), True)


async def test_a_model_with_more_dimensions_than_can_be_indexed_is_refused(
    of_their_own: Models, model: ModelServer
) -> None:
    model.side.dimensions = 4_096
    assert of_their_own.embedder is not None
    with pytest.raises(EndpointFailed, match=r"4096 dimensions.*at most 4000.*EMBEDDINGS_DIMENSIONS"):
        await of_their_own.embedder.embed(["text"])


async def test_the_embedder_in_use_need_not_take_over(database: Database, org_id: UUID) -> None:
    with pytest.raises(EmbedderInUse):
        async with database.transaction(org_id) as session:
            await begin_reindex(session, STATIC)
