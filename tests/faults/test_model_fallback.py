"""While one endpoint fails another one answers, and nobody waits for what keeps failing. All over real HTTP."""

import socket
import time
from collections.abc import AsyncIterator

import pytest

from app.answering.breaker import FAILURES, LONGEST_REST_S, REST_S, Breaker
from app.answering.failures import ModelInterrupted, ModelUnavailable
from app.answering.llm import Finish, Model, Text, connect, stream
from app.config import Settings
from tests.model_server import ModelServer

DEADLINE_S = 1.5
ASK = [{"role": "user", "content": "What is this?"}]


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[tuple[ModelServer, ModelServer]]:
    async with ModelServer().running() as first, ModelServer().running() as second:
        yield first, second


@pytest.fixture
async def first(servers: tuple[ModelServer, ModelServer]) -> ModelServer:
    servers[0].reset()
    return servers[0]


@pytest.fixture
async def second(servers: tuple[ModelServer, ModelServer]) -> ModelServer:
    servers[1].reset()
    servers[1].say("From the second.")
    return servers[1]


def _two(first: str, second: str) -> Model:
    """A model at one address, and another at the second for when the first fails."""
    settings = Settings(
        openai_base_url=first,
        openai_model="one",
        openai_fallback_base_url=second,
        openai_fallback_api_key="other",
        openai_fallback_model="two",
        answer_deadline_s=DEADLINE_S,
    )
    connected = connect(settings)
    assert connected is not None
    return connected


@pytest.fixture
async def model(first: ModelServer, second: ModelServer) -> AsyncIterator[Model]:
    connected = _two(first.url, second.url)
    yield connected
    await connected.close()


@pytest.fixture
async def alone(first: ModelServer) -> AsyncIterator[Model]:
    connected = connect(Settings(openai_base_url=first.url, answer_deadline_s=DEADLINE_S))
    assert connected is not None
    yield connected
    await connected.close()


async def _read(model: Model) -> tuple[str, str]:
    """The text, and the model that wrote it."""
    text, name = "", ""
    started = time.monotonic()
    try:
        async for delta in stream(model, ASK):
            if isinstance(delta, Text):
                text += delta.text
            elif isinstance(delta, Finish):
                name = delta.model
    finally:
        assert time.monotonic() - started < DEADLINE_S + 0.5
    return text, name


@pytest.mark.parametrize(
    "fault",
    ["unauthorised", "limited", "limited long", "error", "hang", "cut", "reset", "garbage", "says error"],
)
async def test_the_second_endpoint_answers_when_the_first_does_not(
    first: ModelServer, second: ModelServer, model: Model, fault: str
) -> None:
    match fault:
        case "unauthorised":
            first.fail(401)
        case "limited":
            first.fail(429, retry_after=0.1)
        case "limited long":
            first.fail(429, retry_after=30)
        case "error":
            first.fail(500)
        case "hang":
            first.hang()
        case "says error":
            first.cut_after(0, end="error")
        case end:
            first.cut_after(0, end=end)
    assert await _read(model) == ("From the second.", "two")
    assert second.requests[0].body["model"] == "two"
    assert second.requests[0].headers["authorization"] == "Bearer other"


async def test_the_second_endpoint_answers_when_the_first_takes_no_connection(second: ModelServer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        model = _two(f"http://127.0.0.1:{unused.getsockname()[1]}/v1", second.url)
        assert await _read(model) == ("From the second.", "two")
        await model.close()


async def test_what_has_begun_is_not_begun_again_elsewhere(
    first: ModelServer, second: ModelServer, model: Model
) -> None:
    first.cut_after(2)
    with pytest.raises(ModelInterrupted):
        await _read(model)
    assert not second.requests


async def test_when_both_fail_that_is_said_within_the_deadline(
    first: ModelServer, second: ModelServer, model: Model
) -> None:
    first.hang()
    second.reset()
    second.hang()
    with pytest.raises(ModelUnavailable):
        await _read(model)
    second.reset()
    second.fail(401, message="no")
    with pytest.raises(ModelUnavailable, match="OPENAI_FALLBACK_API_KEY"):
        await _read(model)


async def test_an_endpoint_that_keeps_failing_is_left_alone(first: ModelServer, alone: Model) -> None:
    first.fail(401)
    for _ in range(FAILURES + 3):
        with pytest.raises(ModelUnavailable) as caught:
            await _read(alone)
    assert caught.value.reason == "resting"
    assert len(first.requests) == FAILURES


async def test_visitors_are_answered_at_once_while_the_first_endpoint_rests(
    first: ModelServer, second: ModelServer, model: Model
) -> None:
    first.hang()
    for _ in range(FAILURES):
        assert (await _read(model))[1] == "two"
    started = time.monotonic()
    assert (await _read(model))[1] == "two"
    assert time.monotonic() - started < DEADLINE_S / 3
    assert len(first.requests) == FAILURES


async def test_a_request_that_is_wrong_in_itself_says_nothing_about_the_endpoint(
    first: ModelServer, alone: Model
) -> None:
    first.fail(400)
    for _ in range(FAILURES + 1):
        with pytest.raises(ModelUnavailable):
            await _read(alone)
    first.reset()
    first.say("Fine.")
    assert (await _read(alone))[0] == "Fine."


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_request_tries_the_endpoint_when_its_rest_is_over() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admits()
        breaker.failed()
    assert not breaker.admits()
    clock.now += REST_S
    assert [breaker.admits(), breaker.admits()] == [True, False]
    breaker.left()
    assert breaker.admits(), "the visitor who tried it has gone"
    breaker.worked()
    assert [breaker.admits(), breaker.admits()] == [True, True]


def test_it_rests_longer_each_time_but_not_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed()
    for rest in (REST_S, REST_S * 2, REST_S * 4):
        clock.now += rest - 0.1
        assert not breaker.admits()
        clock.now += 0.1
        assert breaker.admits()
        breaker.failed()
    for _ in range(8):
        breaker.failed(retry_after=100_000)
    clock.now += LONGEST_REST_S
    assert breaker.admits()
