"""Better models where an operator has them: embeddings and reranking over HTTP, each within a deadline.

Embeddings are asked for as OpenAI has it; reranking as Cohere, Jina, vLLM and text-embeddings-inference share it.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx
import msgspec
import numpy as np

from app.config import MOST_DIMENSIONS
from ingest.embed import Vectors

# Texts in one request, and how often a request is made before it counts as failed.
BATCH, TRIES = 64, 4
# How long an endpoint that failed a visitor's search is left alone.
REST_S = 15.0
RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
PASSAGE_CHARACTERS = 8_000
LONGEST_PAUSE_S = 30.0


class EndpointFailed(Exception):
    """`code` says how, the message what the operator can do. Never shown to visitors."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Embedding(msgspec.Struct, frozen=True):
    index: int
    embedding: list[float]


class Embeddings(msgspec.Struct, frozen=True):
    data: list[Embedding]


class Ranked(msgspec.Struct, frozen=True):
    """`relevance_score` is Cohere's, Jina's and vLLM's name for it, `score` that of text-embeddings-inference."""

    index: int
    relevance_score: float | None = None
    score: float | None = None

    @property
    def value(self) -> float:
        return self.score or 0.0 if self.relevance_score is None else self.relevance_score


class Ranking(msgspec.Struct, frozen=True):
    results: list[Ranked]


@dataclass
class Endpoint:
    """`what` and `setting` are how errors name it: "embeddings endpoint", EMBEDDINGS_."""

    what: str
    setting: str
    base_url: str
    key: str | None
    model: str
    _rests_until: float = field(default=0.0)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=60.0, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, path: str, body: dict[str, Any], *, deadline_s: float | None) -> bytes:
        """The answer's body. With a deadline once, for somebody who waits; without, until it has failed TRIES times.

        Raises EndpointFailed.
        """
        if deadline_s is None:
            return await self._patiently(path, body)
        if monotonic() < self._rests_until:
            raise EndpointFailed(
                "resting", f"{self._named} failed a moment ago and is left alone for a while."
            )
        try:
            async with asyncio.timeout(deadline_s):
                return await self._once(path, body)
        except TimeoutError as error:
            self._rests_until = monotonic() + REST_S
            raise EndpointFailed(
                "timeout", f"{self._named} did not answer within {deadline_s:g} s."
            ) from error
        except EndpointFailed:
            self._rests_until = monotonic() + REST_S
            raise

    async def _patiently(self, path: str, body: dict[str, Any]) -> bytes:
        for turn in range(TRIES):
            try:
                return await self._once(path, body)
            except EndpointFailed as error:
                if error.code not in {"busy", "unreachable"} or turn == TRIES - 1:
                    raise
                asked_for = getattr(error, "pause_s", None)
                pause = min(LONGEST_PAUSE_S, asked_for or 2**turn * random.uniform(0.5, 1))  # noqa: S311 - jitter
                await asyncio.sleep(pause)
        raise AssertionError

    async def _once(self, path: str, body: dict[str, Any]) -> bytes:
        try:
            response = await self._sent(f"{self.base_url.rstrip('/')}{path}", body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = str(error) or type(error).__name__
            raise EndpointFailed(
                "unreachable", f"{self._named} cannot be reached ({said}). Check {self.setting}BASE_URL."
            ) from error
        if response.status_code != httpx.codes.OK:
            raise self._refused(response)
        return response.content

    async def _sent(self, url: str, body: dict[str, Any]) -> httpx.Response:
        """A connection that was kept may end in the moment in which it is used again: then another one is."""
        try:
            return await self._client.post(url, json=body)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self._client.post(url, json=body)

    def _refused(self, response: httpx.Response) -> EndpointFailed:
        status, said = response.status_code, response.text[:300]
        if status in {401, 403}:
            return EndpointFailed(
                "unauthorised", f"{self._named} refuses the key. Check {self.setting}API_KEY."
            )
        if status in RETRIED:
            error = EndpointFailed("busy", f"{self._named} answered with status {status}: {said}")
            pause = response.headers.get("retry-after", "")
            error.pause_s = float(pause) if pause.isdigit() else None  # type: ignore[attr-defined]
            return error
        if status == httpx.codes.UNPROCESSABLE_ENTITY:
            return EndpointFailed("unprocessable", f"{self._named} does not understand the request: {said}")
        hint = f"Check {self.setting}MODEL and {self.setting}BASE_URL."
        return EndpointFailed("rejected", f"{self._named} answered with status {status}: {said} {hint}")

    @property
    def _named(self) -> str:
        return f"The {self.what} {self.base_url}"

    def misunderstood(self, wrong: str) -> EndpointFailed:
        return EndpointFailed("bad_answer", f"{self._named} answered with {wrong}. Is it such an endpoint?")


@dataclass
class EndpointEmbedder:
    """`dimensions` are asked for where the operator has set them; otherwise those that come are taken."""

    endpoint: Endpoint
    dimensions: int | None

    @property
    def name(self) -> str:
        return f"{self.endpoint.model}/{self.dimensions or 'own'}"

    async def embed(self, texts: Sequence[str], *, deadline_s: float | None = None) -> Vectors:
        """Rows of length 1, shape (len(texts), dimensions). Raises EndpointFailed."""
        parts = [
            await self._batch(texts[start : start + BATCH], deadline_s)
            for start in range(0, len(texts), BATCH)
        ]
        if len({part.shape[1] for part in parts}) != 1:
            raise self.endpoint.misunderstood("vectors of different lengths")
        return np.concatenate(parts)

    async def _batch(self, texts: Sequence[str], deadline_s: float | None) -> Vectors:
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            "input": [text[:PASSAGE_CHARACTERS] for text in texts],
            "encoding_format": "float",
        }
        if self.dimensions:
            body["dimensions"] = self.dimensions
        answer = await self.endpoint.ask("/embeddings", body, deadline_s=deadline_s)
        try:
            rows = sorted(msgspec.json.decode(answer, type=Embeddings).data, key=lambda row: row.index)
        except msgspec.DecodeError as error:
            raise self.endpoint.misunderstood("something that is no list of embeddings") from error
        return self._checked(rows, len(texts))

    def _checked(self, rows: Sequence[Embedding], wanted: int) -> Vectors:
        if [row.index for row in rows] != list(range(wanted)):
            raise self.endpoint.misunderstood(f"{len(rows)} embeddings for {wanted} texts")
        if len({len(row.embedding) for row in rows}) != 1 or not rows[0].embedding:
            raise self.endpoint.misunderstood("vectors of different lengths")
        if self.dimensions and len(rows[0].embedding) != self.dimensions:
            raise self.endpoint.misunderstood(
                f"vectors of {len(rows[0].embedding)} dimensions instead of {self.dimensions}"
            )
        if len(rows[0].embedding) > MOST_DIMENSIONS:
            raise EndpointFailed(
                "too_many_dimensions",
                f"The model's vectors have {len(rows[0].embedding)} dimensions; at most {MOST_DIMENSIONS} can be "
                "searched. Set EMBEDDINGS_DIMENSIONS, or EMBEDDINGS_MODEL to another one.",
            )
        made = np.array([row.embedding for row in rows], np.float32)
        if not np.isfinite(made).all():
            raise self.endpoint.misunderstood("numbers that are none")
        unit: Vectors = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
        return unit


@dataclass
class Reranker:
    endpoint: Endpoint
    _texts: bool = False

    async def order(
        self, question: str, passages: Sequence[str], *, deadline_s: float
    ) -> list[tuple[int, float]]:
        """Indexes of the passages with their scores, best first. Raises EndpointFailed."""
        cut = [passage[:PASSAGE_CHARACTERS] for passage in passages]
        answer = await self._answer(question, cut, deadline_s)
        try:
            ranked = msgspec.json.decode(answer, type=Ranking | list[Ranked])
        except msgspec.DecodeError as error:
            raise self.endpoint.misunderstood("something that is no ranking") from error
        rows = ranked.results if isinstance(ranked, Ranking) else ranked
        if sorted(row.index for row in rows) != list(range(len(passages))):
            raise self.endpoint.misunderstood("a ranking of other passages")
        return sorted(((row.index, row.value) for row in rows), key=lambda pair: -pair[1])

    async def _answer(self, question: str, passages: Sequence[str], deadline_s: float) -> bytes:
        """text-embeddings-inference calls the passages `texts` and says 422 to those who don't."""
        body: dict[str, Any] = {"model": self.endpoint.model, "query": question}
        if not self._texts:
            try:
                more = {"documents": passages, "top_n": len(passages)}
                return await self.endpoint.ask("/rerank", body | more, deadline_s=deadline_s)
            except EndpointFailed as error:
                if error.code != "unprocessable":
                    raise
                self.endpoint._rests_until = 0.0  # noqa: SLF001 - it answered, only differently
        answer = await self.endpoint.ask("/rerank", body | {"texts": passages}, deadline_s=deadline_s)
        self._texts = True
        return answer
