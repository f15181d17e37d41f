"""Several server processes with one database and one Redis behave as one, also while they come and go."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy.engine import URL

from app.kit.db import asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from tests.browser.product import Product
from tests.conftest import clone_database
from tests.faults.processes import Visitor, serving, working
from tests.model_server import ModelServer
from tests.redis_server import RedisServer

QUESTION = "How do I connect a language model?"
SAID = "Set OPENAI_BASE_URL to the address of your endpoint, and choose a model. " * 4


@pytest.fixture(scope="module")
async def redis() -> AsyncIterator[RedisServer]:
    async with RedisServer.running() as server:
        yield server


@pytest.fixture(scope="module")
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer().running() as server:
        yield server


@pytest.fixture(scope="module")
async def urls(cluster: EmbeddedDatabase, worker_id: str) -> tuple[URL, URL]:
    name = f"frontdesk_processes_{worker_id}"
    await clone_database(cluster, name)
    return asyncpg_url(cluster.owner_url).set(database=name), asyncpg_url(cluster.app_url).set(database=name)


@pytest.fixture(scope="module")
def settings(redis: RedisServer, model: ModelServer) -> dict[str, str]:
    return {"REDIS_URL": redis.url, "OPENAI_BASE_URL": model.url, "FRONTDESK_JOB_LEASE": "3"}


@pytest.fixture(scope="module")
async def first(urls: tuple[URL, URL], settings: dict[str, str]) -> AsyncIterator[Product]:
    """A server that runs no jobs."""
    async with serving(*urls, settings | {"FRONTDESK_WORKER": "false"}) as product:
        yield product


@pytest.fixture(scope="module")
async def site(first: Product) -> str:
    async with httpx.AsyncClient(base_url=first.url) as client:
        found = re.search(r'data-site="([^"]+)"', (await client.get("/demo")).text)
    assert found
    return found[1]


async def test_an_answer_written_elsewhere_is_seen_growing(
    first: Product, site: str, model: ModelServer
) -> None:
    model.reset()
    model.say_slowly(SAID, 0.01)
    visitor = await Visitor.at(first.url, site)
    async with working(first), visitor.streaming(first.url) as stream:
        await visitor.write(first.url, QUESTION)
        ended = await stream.until("message.updated", lambda event: event["data"]["state"] == "complete")
        growing = [frame.data["text"] for frame in stream.of("answer.delta")]
        assert len(growing) > 3, "it came all at once"
        assert ended.data["data"]["text"].startswith(stream.grown())
        assert ended.data["data"]["text"] == SAID.strip()


async def test_without_redis_it_still_arrives(
    first: Product, site: str, model: ModelServer, redis: RedisServer
) -> None:
    model.reset()
    model.say_slowly(SAID, 0.01)
    visitor = await Visitor.at(first.url, site)
    async with working(first), visitor.streaming(first.url) as stream:
        await redis.kill()
        try:
            await visitor.write(first.url, QUESTION)
            ended = await stream.until("message.updated", lambda event: event["data"]["state"] == "complete")
        finally:
            await redis.start()
    assert ended.data["data"]["text"] == SAID.strip()


async def test_a_server_that_is_told_to_stop_hands_everything_over(
    first: Product, urls: tuple[URL, URL], settings: dict[str, str], site: str, model: ModelServer
) -> None:
    """SIGTERM under load: not ready, `reconnect`, gone within seconds; the answer is finished by somebody else."""
    model.reset()
    model.say_slowly(SAID, 0.08)
    visitor = await Visitor.at(first.url, site)
    async with serving(*urls, settings) as second, visitor.streaming(second.url) as stream:
        told = [visitor.write(second.url, text) for text in ("Hello", "I have a question")]
        posted = [await one for one in told]
        posted.append(await visitor.write(second.url, QUESTION))
        await stream.until("answer.delta", lambda delta: len(delta["text"]) > 5)
        model.reset()
        model.say_slowly(SAID, 0.005)
        async with working(first):
            began = time.monotonic()
            stopping = asyncio.create_task(second.stop())
            assert await _becomes_unready(second), "it never said that it is not ready"
            leave = await stream.until("reconnect")
            assert 0 <= leave.data["after_ms"] < 3000
            posted.append(await visitor.write(first.url, "And another thing"))
            await stopping
            assert time.monotonic() - began < 8
            await asyncio.sleep(0.1)
            assert stream.ended
            await _all_answered(visitor, first.url)
    state = await visitor.snapshot(first.url)
    kept = {message["id"]: message["seq"] for message in state["messages"]}
    assert all(kept.get(message["id"]) == message["seq"] for message in posted)


async def test_a_killed_worker_s_answer_is_written_by_the_next(
    first: Product, site: str, model: ModelServer
) -> None:
    model.reset()
    model.say_slowly(SAID, 0.08)
    visitor = await Visitor.at(first.url, site)
    async with visitor.streaming(first.url) as stream:
        async with working(first) as process:
            await visitor.write(first.url, QUESTION)
            await stream.until("answer.delta")
            process.kill()
            await process.wait()
        model.reset()
        model.say(SAID)
        async with working(first):
            ended = await stream.until(
                "message.updated", lambda event: event["data"]["state"] == "complete", within_s=25
            )
    assert ended.data["data"]["attempt"] == 2
    assert ended.data["data"]["text"] == SAID.strip()


async def _becomes_unready(product: Product) -> bool:
    async with httpx.AsyncClient(base_url=product.url, timeout=2) as client:
        for _ in range(50):
            try:
                if (await client.get("/health/ready")).status_code == 503:
                    return True
            except httpx.TransportError:
                return False
            await asyncio.sleep(0.02)
    return False


async def _all_answered(visitor: Visitor, url: str) -> None:
    """Waits until the last question has its complete answer and nothing is being written any more."""
    async with asyncio.timeout(25):
        while True:
            messages = (await visitor.snapshot(url))["messages"]
            asked = max(message["seq"] for message in messages if message["author"]["kind"] == "visitor")
            after = [one for one in messages if one["author"]["kind"] == "bot" and one["seq"] > asked]
            if after and all(message["state"] != "streaming" for message in messages):
                assert after[-1]["state"] == "complete"
                return
            await asyncio.sleep(0.1)
