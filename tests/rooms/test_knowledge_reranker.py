"""A reranker orders what was found, and without it the order stays."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.config import Settings
from app.kit.db import Database
from app.knowledge.embedders import Models, connect_models
from app.knowledge.finding import find
from app.knowledge.search import Query
from tests.model_server import ModelServer
from tests.rooms.knowledge_factories import FILLER, index_document


@pytest.fixture
async def reranking(model: ModelServer) -> AsyncIterator[Models]:
    made = connect_models(Settings(rerank_base_url=model.url, search_deadline_s=1))
    yield made
    await made.close()


async def documents(database: Database, org_id: UUID) -> None:
    await index_document(
        database, org_id, "garage.md", b"# Garage\n\nEvery car is washed on Fridays." + FILLER
    )
    await index_document(database, org_id, "canteen.md", b"# Canteen\n\nSoup is served at noon." + FILLER)


@pytest.mark.parametrize("form", ["documents", "texts"])
async def test_a_reranker_orders_the_passages(
    database: Database, org_id: UUID, reranking: Models, model: ModelServer, form: str
) -> None:
    """Each says one word of the question: this one then puts the last first."""
    model.side.tei = form == "texts"
    await documents(database, org_id)
    asked = Query("soup or a car")
    fused = [passage.chunk_id for passage in (await find(database, Models(), org_id, asked)).passages]
    assert len(fused) == 2
    found = await find(database, reranking, org_id, asked)
    assert found.notes == ()
    assert [passage.chunk_id for passage in found.passages] == fused[::-1]
    assert [passage.reranked for passage in found.passages] == [1.001, 1.0]
    best = await find(database, reranking, org_id, asked, limit=1)
    assert [passage.chunk_id for passage in best.passages] == fused[1:]  # it was shown more than are wanted


async def test_without_its_reranker_the_order_stays(
    database: Database, org_id: UUID, reranking: Models, model: ModelServer
) -> None:
    await documents(database, org_id)
    fused = await find(database, Models(), org_id, Query("soup or a car"))
    for broken in ({"results": [{"index": 7}]}, {"unexpected": True}):
        model.side.answer = broken
        assert reranking.reranker is not None
        reranking.reranker.endpoint._rests_until = 0
        found = await find(database, reranking, org_id, Query("soup or a car"))
        assert found.notes[0].startswith("Not reranked")
        assert [one.chunk_id for one in found.passages] == [one.chunk_id for one in fused.passages]
