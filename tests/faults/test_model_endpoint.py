"""Every way in which a model endpoint fails ends in a defined state, within the deadline, over real HTTP."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from app.answering.failures import ModelInterrupted, ModelUnavailable
from app.answering.llm import Delta, Finish, Model, Text, ToolCall, connect, stream
from app.config import Settings
from tests.model_server import ModelServer

DEADLINE_S = 1.5
ASK = [{"role": "user", "content": "What is this?"}]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer().running() as running:
        yield running


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[Model]:
    server.reset()
    connected = connect(
        Settings(openai_base_url=server.url, openai_api_key="k", answer_deadline_s=DEADLINE_S)
    )
    assert connected is not None
    yield connected
    await connected.close()


def _settings(url: str, key: str | None = None) -> Settings:
    return Settings(openai_base_url=url, openai_api_key=key, answer_deadline_s=DEADLINE_S)


async def _read(model: Model, into: list[Delta] | None = None) -> tuple[str, list[Delta]]:
    deltas = [] if into is None else into
    started = time.monotonic()
    try:
        async for delta in stream(model, ASK):
            deltas.append(delta)
    finally:
        assert time.monotonic() - started < DEADLINE_S + 0.5
    return _text(deltas), deltas


def _text(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_without_a_key_or_an_address_there_is_no_model() -> None:
    assert connect(Settings()) is None


async def test_text_streams_in_pieces_and_ends_with_what_it_cost(server: ModelServer, model: Model) -> None:
    server.say_slowly("Options are in the panel [1]. Größe: 3 €.", per_token_s=0.02)
    text, deltas = await _read(model)
    assert text == "Options are in the panel [1]. Größe: 3 €."
    assert len(deltas) > 5
    last = deltas[-1]
    assert isinstance(last, Finish)
    assert last.reason == "stop"
    assert last.usage is not None
    assert last.usage.prompt_tokens == 100
    sent = server.requests[0]
    assert sent.body["stream"] is True
    assert sent.headers["authorization"] == "Bearer k"


async def test_a_tool_call_arrives_whole(server: ModelServer, model: Model) -> None:
    server.call_tool("hand_off", {"reason": "wants a refund"})
    _, deltas = await _read(model)
    assert deltas[0] == ToolCall("hand_off", {"reason": "wants a refund"})


async def test_arguments_that_are_no_json_count_as_none(server: ModelServer, model: Model) -> None:
    server.call_tool("hand_off", "{broken")
    _, deltas = await _read(model)
    assert deltas[0] == ToolCall("hand_off", {})


@pytest.mark.parametrize(
    ("status", "reason", "requests"),
    [
        (401, "unauthorised", 1),
        (404, "not_found", 1),
        (400, "rejected", 1),
        (500, "server_error", 2),
        (503, "server_error", 2),
    ],
)
async def test_an_error_status_is_explained(
    server: ModelServer, model: Model, status: int, reason: str, requests: int
) -> None:
    server.fail(status, message="because of the moon")
    with pytest.raises(ModelUnavailable, match="because of the moon") as caught:
        await _read(model)
    assert caught.value.reason == reason
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5120 tokens.",
        "the request exceeds the available context size (4096 tokens)",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model: reduce the length of the messages.",
    ],
)
async def test_a_prompt_that_is_too_long_is_told_apart(server: ModelServer, model: Model, said: str) -> None:
    server.fail(400, message=said)
    with pytest.raises(ModelUnavailable) as caught:
        await _read(model)
    assert (caught.value.reason, len(server.requests)) == ("too_long", 1)


async def test_too_many_requests_waits_as_long_as_asked(server: ModelServer, model: Model) -> None:
    server.fail(429, retry_after=0.4)
    server.say("Back again.")
    started = time.monotonic()
    text, _ = await _read(model)
    assert text == "Back again."
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(("value", "least"), [("30", 30), ("Wed, 21 Oct 2099 07:28:00 GMT", 1000)])
async def test_a_wait_beyond_the_deadline_is_not_waited(
    server: ModelServer, model: Model, value: str, least: float
) -> None:
    server.fail(429, retry_after=value)
    with pytest.raises(ModelUnavailable) as caught:
        await _read(model)
    assert caught.value.reason == "rate_limited"
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= least
    assert len(server.requests) == 1


async def test_a_retry_after_that_says_nothing_is_passed_over(server: ModelServer, model: Model) -> None:
    server.fail(429, retry_after="soon")
    server.say("Fine.")
    assert (await _read(model))[0] == "Fine."


async def test_one_failure_before_the_first_token_is_retried(server: ModelServer, model: Model) -> None:
    server.fail(500)
    server.say("Second try.")
    assert (await _read(model))[0] == "Second try."


async def test_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        model = connect(_settings(url))
        assert model is not None
        with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL") as caught:
            await _read(model)
    assert caught.value.reason == "refused"
    await model.close()


async def test_silence_before_the_headers(server: ModelServer, model: Model) -> None:
    server.hang()
    with pytest.raises(ModelUnavailable) as caught:
        await _read(model)
    assert caught.value.reason == "timeout"
    assert len(server.requests) == 2


async def test_silence_in_the_middle(server: ModelServer, model: Model) -> None:
    server.cut_after(3, "One two three four.", end="hang")
    deltas: list[Delta] = []
    with pytest.raises(ModelInterrupted) as caught:
        await _read(model, deltas)
    assert caught.value.reason == "timeout"
    assert _text(deltas) == "One two three"


async def test_a_slow_drip_ends_at_the_deadline(server: ModelServer, model: Model) -> None:
    server.say_slowly("word " * 200, per_token_s=0.1)
    with pytest.raises(ModelInterrupted) as caught:
        await _read(model)
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize("end", ["cut", "reset", "garbage", "error"])
async def test_a_stream_that_breaks_in_the_middle_is_interrupted(
    server: ModelServer, model: Model, end: str
) -> None:
    server.cut_after(2, "One two three four.", end=end)
    deltas: list[Delta] = []
    with pytest.raises(ModelInterrupted) as caught:
        await _read(model, deltas)
    assert caught.value.reason in {"broken", "refused"}
    assert _text(deltas) == "One two"
    assert len(server.requests) == 1


async def test_what_has_come_while_nobody_read_is_read_at_once(server: ModelServer, model: Model) -> None:
    server.say_slowly("one two three four five six seven eight", per_token_s=0.01)
    deltas = stream(model, ASK)
    first = await anext(deltas)
    await asyncio.sleep(0.4)
    rest = [delta async for delta in deltas if isinstance(delta, Text)]
    assert len(rest) == 1
    assert _text([first, *rest]) == "one two three four five six seven eight"


@pytest.mark.parametrize("end", ["cut", "reset", "garbage", "error"])
async def test_a_stream_that_breaks_before_its_first_token_is_retried(
    server: ModelServer, model: Model, end: str
) -> None:
    server.cut_after(0, end=end)
    server.say("Whole.")
    assert (await _read(model))[0] == "Whole."


async def test_giving_up_listening_hangs_up(server: ModelServer, model: Model) -> None:
    server.cut_after(1, "One two.", end="hang")
    deltas = stream(model, ASK)
    assert await anext(deltas) == Text("One")
    await deltas.aclose()
    async with asyncio.timeout(2):
        while not server.hung_up:  # the server is another program, it tells nobody
            await asyncio.sleep(0.01)
