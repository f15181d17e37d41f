"""Any OpenAI-compatible chat endpoint, as a stream of typed deltas.

The `openai` client sends the request; what streams back is decoded with msgspec from its raw response, because
the client's own models cost 150 µs a token. Retries and deadlines are ours: one retry, only before the first
token, and everything within one total deadline. A stream that ends without a finish_reason was cut, whatever it
said.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import msgspec
import openai

from app.answering.wire import CallPart, Choice, Chunk, StreamBroken, Usage, chunks
from app.config import Settings

TROUBLE = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, StreamBroken, TimeoutError)

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.3
RETRIED = frozenset({"refused", "timeout", "rate_limited", "server_error", "broken"})
MAX_ANSWER_TOKENS = 1500

Message = Mapping[str, Any]


class Text(msgspec.Struct, frozen=True):
    text: str


class ToolCall(msgspec.Struct, frozen=True):
    """`arguments` is empty where the model wrote something that is no JSON object."""

    name: str
    arguments: dict[str, Any]


class Finish(msgspec.Struct, frozen=True):
    """`reason` as the endpoint gives it: stop, length, tool_calls, content_filter."""

    reason: str
    usage: Usage | None = None


Delta = Text | ToolCall | Finish


class ModelError(Exception):
    """The endpoint did not deliver. `reason` is a code, the message a sentence for the operator."""

    def __init__(self, reason: str, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.retry_after = retry_after


class ModelUnavailable(ModelError):
    """Nothing was said: something else can still answer."""


class ModelInterrupted(ModelError):
    """It stopped in the middle: what was said so far stands, marked as interrupted."""


@dataclass(frozen=True)
class Model:
    """An endpoint that writes answers. `deadline_s` bounds an answer from request to last token."""

    client: openai.AsyncOpenAI
    name: str
    deadline_s: float

    async def close(self) -> None:
        await self.client.close()


def connect(settings: Settings) -> Model | None:
    """The endpoint that the settings name, or None where they name none."""
    if not settings.has_model:
        return None
    # A silent connection is given up after a third of the deadline, which leaves time for the retry.
    silence = settings.answer_deadline_s / 3
    client = openai.AsyncOpenAI(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url,
        max_retries=0,
        timeout=httpx2.Timeout(silence, connect=min(5.0, silence)),
    )
    return Model(client, settings.openai_model, settings.answer_deadline_s)


async def stream(
    model: Model, messages: Sequence[Message], tools: Sequence[Message] = ()
) -> AsyncGenerator[Delta]:
    """Text as it comes, then tool calls, then one Finish. Raises ModelUnavailable or ModelInterrupted."""
    deadline = asyncio.get_running_loop().time() + model.deadline_s
    for last_try in (False, True):
        begun = False
        async with aclosing(_attempt(model, messages, tools, deadline)) as deltas:
            try:
                async for delta in deltas:
                    begun = True
                    yield delta
            except ModelError as error:
                if begun:
                    raise ModelInterrupted(error.reason, str(error)) from error
                if last_try or not await _may_retry(error, deadline):
                    raise ModelUnavailable(error.reason, str(error), retry_after=error.retry_after) from error
                log.warning("The model endpoint is asked a second time: %s", error)
            else:
                return


async def _may_retry(error: ModelError, deadline: float) -> bool:
    """Waits as long as the endpoint asks for, where the deadline leaves room for that."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311  # spreads load, guards nothing
    pause = RETRY_PAUSE_S * jitter if error.retry_after is None else error.retry_after
    left = deadline - asyncio.get_running_loop().time()
    if error.reason not in RETRIED or pause > left / 2:
        return False
    await asyncio.sleep(pause)
    return True


async def _attempt(
    model: Model, messages: Sequence[Message], tools: Sequence[Message], deadline: float
) -> AsyncGenerator[Delta]:
    reply = _Reply()
    async with aclosing(_chunks(model, messages, tools)) as incoming:
        try:
            while (chunk := await _within(deadline, incoming)) is not None:
                if text := reply.take(chunk):
                    yield Text(text)
        except (
            openai.OpenAIError,
            httpx2.HTTPError,
            httpx2.StreamError,
            StreamBroken,
            TimeoutError,
        ) as error:
            raise _explained(error, model) from error
    if reply.finish is None:
        raise ModelError("broken", "The model endpoint ended its answer without saying that it was finished.")
    for call in reply.calls.values():
        yield call.decoded()
    yield Finish(reply.finish, reply.usage)


async def _chunks(
    model: Model, messages: Sequence[Message], tools: Sequence[Message]
) -> AsyncGenerator[Chunk]:
    request: dict[str, Any] = {"messages": messages, "max_completion_tokens": MAX_ANSWER_TOKENS}
    if tools:
        request["tools"] = tools
    completions = model.client.chat.completions.with_streaming_response
    async with completions.create(
        model=model.name, stream=True, stream_options={"include_usage": True}, **request
    ) as response:
        async for chunk in chunks(response.iter_bytes()):
            yield chunk


async def _within(deadline: float, incoming: AsyncGenerator[Chunk]) -> Chunk | None:
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


def _explained(error: Exception, model: Model) -> ModelError:
    """What the operator has to know, and do, about a failure of the client."""
    where = f"The model endpoint {model.client.base_url}"
    match error:
        case openai.APIStatusError():
            return _status(error, model, where)
        case openai.APITimeoutError() | TimeoutError() | httpx2.TimeoutException():
            return ModelError("timeout", f"{where} did not answer in time. Is it overloaded?")
        case openai.APIConnectionError() | httpx2.ConnectError():
            return ModelError(
                "refused", f"{where} cannot be reached. Does it run, and is OPENAI_BASE_URL right?"
            )
        case StreamBroken():
            return ModelError("broken", f"{where} broke off: {error}.")
        case _:
            return ModelError(
                "broken", f"{where} broke the connection: {str(error) or type(error).__name__}."
            )


def _status(error: openai.APIStatusError, model: Model, where: str) -> ModelError:
    status, said = error.status_code, error.message[:300]
    if status in (401, 403):
        return ModelError("unauthorised", f"{where} does not accept the key in OPENAI_API_KEY: {said}")
    if status == 404:  # noqa: PLR2004
        return ModelError(
            "not_found", f"{where} does not know the model {model.name} of OPENAI_MODEL: {said}"
        )
    if status == 429:  # noqa: PLR2004
        pause = _retry_after(error.response.headers.get("retry-after"))
        return ModelError(
            "rate_limited", f"{where} takes no more requests for now: {said}", retry_after=pause
        )
    if status >= 500 or status in (408, 409):  # noqa: PLR2004
        return ModelError("server_error", f"{where} failed with status {status}: {said}")
    return ModelError("rejected", f"{where} rejected the request with status {status}: {said}")


def _retry_after(value: str | None) -> float | None:
    """Seconds, from a number or an HTTP date; None where there is neither."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass  # then it is a date
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
