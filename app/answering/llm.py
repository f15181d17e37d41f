"""Any OpenAI-compatible chat endpoint, as a stream of typed deltas.

The `openai` client sends the request; what streams back is decoded with msgspec from its raw response, because
the client's own models cost 150 µs a token. Retries and deadlines are ours: one retry, only before the first
token, then the fall-back endpoint, and everything within one total deadline. A stream that ends without a
finish_reason was cut, whatever it said.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import msgspec
import openai

from app.answering.breaker import Breaker
from app.answering.failures import (
    TROUBLE,
    ModelError,
    ModelInterrupted,
    ModelUnavailable,
    explained,
)
from app.answering.wire import CallPart, Choice, Chunk, Usage, chunks
from app.config import Settings

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.3
RETRIED = frozenset({"refused", "timeout", "rate_limited", "server_error", "broken"})
# Waiting out a silence twice would leave the fall-back no time.
RETRIED_BEFORE_FALLBACK = RETRIED - {"timeout"}
WORTH_WAITING_S = 1.0
# Failures that another request need not meet.
OF_THE_REQUEST = frozenset({"rejected", "too_long"})
MAX_ANSWER_TOKENS = 1500

Message = Mapping[str, Any]


class Text(msgspec.Struct, frozen=True):
    text: str


class ToolCall(msgspec.Struct, frozen=True):
    """`arguments` is empty where the model wrote something that is no JSON object."""

    name: str
    arguments: dict[str, Any]


class Finish(msgspec.Struct, frozen=True):
    """`reason` as the endpoint gives it: stop, length, tool_calls, content_filter. `model` is who has answered."""

    reason: str
    usage: Usage | None = None
    model: str = ""


Delta = Text | ToolCall | Finish


@dataclass(frozen=True)
class Model:
    """An endpoint that writes answers, and another that does while this one fails.

    `most` is how many tokens it may write. `deadline_s` bounds an answer from request to last token, whoever writes
    it. `prefix` is how the endpoint's settings are called.
    """

    client: openai.AsyncOpenAI
    name: str
    deadline_s: float
    fallback: "Model | None" = None
    prefix: str = "OPENAI_"
    temperature: float | None = None
    most: int = MAX_ANSWER_TOKENS
    breaker: Breaker = field(default_factory=Breaker)

    async def close(self) -> None:
        await self.client.close()
        if self.fallback is not None:
            await self.fallback.close()

    def set_to(self, name: str, temperature: float | None) -> "Model":
        """The same endpoint with another model, where one is named, and another temperature, also for its fall-back."""
        fallback = self.fallback and replace(self.fallback, temperature=temperature)
        return replace(self, name=name or self.name, temperature=temperature, fallback=fallback)

    def limited(self, most: int) -> "Model":
        """For a short text that nobody waits long for: from this endpoint or from none."""
        return replace(self, most=most, fallback=None)

    def explained(self, error: Exception) -> ModelError:
        return explained(error, str(self.client.base_url), self.prefix, self.name)


def connect(settings: Settings) -> Model | None:
    """The endpoint that the settings name, or None where they name none."""
    if not settings.has_model:
        return None
    deadline = settings.answer_deadline_s
    fallback = None
    if settings.has_fallback:
        # What is left by the first endpoint's silence.
        client = _client(settings.openai_fallback_api_key, settings.openai_fallback_base_url, deadline / 2)
        name = settings.openai_fallback_model or settings.openai_model
        fallback = Model(client, name, deadline, prefix="OPENAI_FALLBACK_")
    # A silent connection is given up after a third of the deadline, which leaves time for another try.
    client = _client(settings.openai_api_key, settings.openai_base_url, deadline / 3)
    return Model(client, settings.openai_model, deadline, fallback)


def _client(key: str | None, address: str | None, silence: float) -> openai.AsyncOpenAI:
    timeout = httpx2.Timeout(silence, connect=min(5.0, silence))
    # Its reads return all that has come, be it many tokens.
    transport = openai.DefaultAioHttpClient(timeout=timeout)
    return openai.AsyncOpenAI(
        api_key=key or "none", base_url=address, max_retries=0, timeout=timeout, http_client=transport
    )


def deadline_of(model: Model) -> float:
    """When an answer that begins now has to be there, in the event loop's time."""
    return asyncio.get_running_loop().time() + model.deadline_s


async def stream(
    model: Model,
    messages: Sequence[Message],
    tools: Sequence[Message] = (),
    *,
    deadline: float | None = None,
) -> AsyncGenerator[Delta]:
    """Text as it comes, then tool calls, then one Finish. Raises ModelUnavailable or ModelInterrupted."""
    deadline = deadline or deadline_of(model)
    try:
        async with aclosing(_persistently(model, messages, tools, deadline)) as deltas:
            async for delta in deltas:
                yield delta
    except ModelUnavailable as error:
        if model.fallback is None or error.reason == "too_long":
            raise
        log.warning("The fall-back endpoint is asked: %s", error)
    else:
        return
    async with aclosing(_persistently(model.fallback, messages, tools, deadline)) as deltas:
        async for delta in deltas:
            yield delta


async def _persistently(
    model: Model, messages: Sequence[Message], tools: Sequence[Message], deadline: float
) -> AsyncGenerator[Delta]:
    """Tries a second time where nothing came and there is a point in it."""
    for last_try in (False, True):
        begun = False
        async with aclosing(_watched(model, messages, tools, deadline)) as deltas:
            try:
                async for delta in deltas:
                    begun = True
                    yield delta
            except ModelError as error:
                if begun:
                    raise ModelInterrupted(error.reason, str(error)) from error
                if last_try or not await _may_retry(model, error, deadline):
                    raise ModelUnavailable(error.reason, str(error), retry_after=error.retry_after) from error
                log.warning("The model endpoint is asked a second time: %s", error)
            else:
                return


async def _may_retry(model: Model, error: ModelError, deadline: float) -> bool:
    """Waits as long as the endpoint asks for, where the deadline leaves room for that and nobody else can answer."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311  # spreads load, guards nothing
    pause = RETRY_PAUSE_S * jitter if error.retry_after is None else error.retry_after
    left = deadline - asyncio.get_running_loop().time()
    alone = model.fallback is None
    if error.reason not in (RETRIED if alone else RETRIED_BEFORE_FALLBACK):
        return False
    if pause > (left / 2 if alone else WORTH_WAITING_S):
        return False
    await asyncio.sleep(pause)
    return True


async def _watched(
    model: Model, messages: Sequence[Message], tools: Sequence[Message], deadline: float
) -> AsyncGenerator[Delta]:
    """Not asked while its breaker has it rest; what comes of a request is told to the breaker."""
    if not model.breaker.admits():
        raise ModelError("resting", f"The model endpoint {model.client.base_url} failed too often and rests.")
    try:
        async with aclosing(_attempt(model, messages, tools, deadline)) as deltas:
            async for delta in deltas:
                yield delta
    except ModelError as error:
        if error.reason in OF_THE_REQUEST:
            model.breaker.left()
        else:
            model.breaker.failed(error.retry_after)
        raise
    except BaseException:
        model.breaker.left()
        raise
    model.breaker.worked()


async def _attempt(
    model: Model, messages: Sequence[Message], tools: Sequence[Message], deadline: float
) -> AsyncGenerator[Delta]:
    reply = _Reply()
    async with aclosing(_chunks(model, messages, tools)) as incoming:
        try:
            while (come := await _within(deadline, incoming)) is not None:
                if text := "".join(map(reply.take, come)):
                    yield Text(text)
        except TROUBLE as error:
            raise model.explained(error) from error
    if reply.finish is None:
        raise ModelError("broken", "The model endpoint ended its answer without saying that it was finished.")
    for call in reply.calls.values():
        yield call.decoded()
    yield Finish(reply.finish, reply.usage, model.name)


async def _chunks(
    model: Model, messages: Sequence[Message], tools: Sequence[Message]
) -> AsyncGenerator[list[Chunk]]:
    # What is in the extra body is sent as it stands; the client would look through all of it, message by message.
    request: dict[str, Any] = {"messages": messages, "max_completion_tokens": model.most}
    if tools:
        request["tools"] = tools
    if model.temperature is not None:
        request["temperature"] = model.temperature
    completions = model.client.chat.completions.with_streaming_response
    async with completions.create(
        model=model.name,
        messages=(),
        stream=True,
        stream_options={"include_usage": True},
        extra_body=request,
    ) as response:
        async for come in chunks(response.iter_bytes()):
            yield come


async def _within(deadline: float, incoming: AsyncGenerator[list[Chunk]]) -> list[Chunk] | None:
    async with asyncio.timeout_at(deadline):
        return await anext(incoming, None)


@dataclass
class _Call:
    name: str = ""
    arguments: str = ""

    def decoded(self) -> ToolCall:
        try:
            return ToolCall(self.name, msgspec.json.decode(self.arguments or "{}", type=dict[str, Any]))
        except msgspec.DecodeError:
            log.warning("The model called %s with arguments that are no JSON object.", self.name)
            return ToolCall(self.name, {})


@dataclass
class _Reply:
    finish: str | None = None
    usage: Usage | None = None
    calls: dict[int, _Call] = field(default_factory=dict)

    def take(self, chunk: Chunk) -> str:
        """Remembers what a chunk says and returns its text."""
        self.usage = chunk.usage or self.usage
        return "".join(self._choice(choice) for choice in chunk.choices[:1])

    def _choice(self, choice: Choice) -> str:
        self.finish = choice.finish_reason or self.finish
        if choice.delta is None:
            return ""
        for part in choice.delta.tool_calls or ():
            self._call(part)
        return choice.delta.content or ""

    def _call(self, part: CallPart) -> None:
        call = self.calls.setdefault(part.index, _Call())
        if part.function is not None:
            call.name = call.name or part.function.name or ""
            call.arguments += part.function.arguments or ""
