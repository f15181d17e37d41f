"""Which models search works with: the embedder that an organisation's vectors were made by, and a reranker."""

from dataclasses import dataclass, field

from app.config import Settings
from app.kit.db import Transaction, driver_connection, scope
from app.knowledge.endpoints import Endpoint, EndpointEmbedder, Reranker
from ingest.embed import StaticEmbedder

STATIC, STATIC_DIMENSIONS = StaticEmbedder.name, StaticEmbedder.dim
ACTIVE = "SELECT embedder, dimensions FROM search_index WHERE org_id = $1"


@dataclass(frozen=True)
class Active:
    """The embedder whose vectors an organisation is searched by."""

    embedder: str = STATIC
    dimensions: int = STATIC_DIMENSIONS

    @property
    def is_static(self) -> bool:
        return self.embedder == STATIC


@dataclass
class Models:
    """The operator's endpoints, as far as there are any. `deadline_s` is what a visitor's search waits for each."""

    embedder: EndpointEmbedder | None = None
    reranker: Reranker | None = None
    deadline_s: float = 2.0
    _endpoints: list[Endpoint] = field(default_factory=list)

    @property
    def wanted(self) -> str:
        """The embedder that the settings name."""
        return self.embedder.name if self.embedder else STATIC

    async def close(self) -> None:
        for endpoint in self._endpoints:
            await endpoint.close()


def connect_models(settings: Settings) -> Models:
    models = Models(deadline_s=settings.search_deadline_s)
    if settings.embeddings_base_url:
        endpoint = Endpoint(
            "embeddings endpoint",
            "EMBEDDINGS_",
            settings.embeddings_base_url,
            settings.embeddings_api_key,
            settings.embeddings_model,
        )
        models.embedder = EndpointEmbedder(endpoint, settings.embeddings_dimensions or None)
        models._endpoints.append(endpoint)  # noqa: SLF001 - made here
    if settings.rerank_base_url:
        endpoint = Endpoint(
            "rerank endpoint",
            "RERANK_",
            settings.rerank_base_url,
            settings.rerank_api_key,
            settings.rerank_model,
        )
        models.reranker = Reranker(endpoint)
        models._endpoints.append(endpoint)  # noqa: SLF001 - made here
    return models


async def active_embedder(session: Transaction) -> Active:
    row = await (await driver_connection(session)).fetchrow(ACTIVE, scope(session))
    return Active(*row) if row else Active()
