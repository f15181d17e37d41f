"""How an endpoint fails, told in words that an operator can act on."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx2
import openai

from app.answering.wire import StreamBroken

TROUBLE = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, StreamBroken, TimeoutError)
# What endpoints say of a prompt that does not fit, each in its own words.
TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|maximum (?:context|prompt|model) length|max_model_len|too many tokens"
    r"|(?:prompt|input|request|messages?) (?:is |are )?(?:too (?:long|large)|exceeds)|reduce the length",
    re.IGNORECASE,
)


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


def explained(error: Exception, where: str, prefix: str, name: str) -> ModelError:
    """What the operator has to know, and do, about a failure of the client.

    `where` is the endpoint's address, `prefix` how the names of its settings begin, `name` its model.
    """
    where, lost = f"The model endpoint {where}", _lost(error)
    match error:
        case openai.APIStatusError():
            return _status(error, where, prefix, name)
        case _ if isinstance(lost, aiohttp.ClientConnectorError):
            return ModelError(
                "refused", f"{where} cannot be reached. Does it run, and is {prefix}BASE_URL right?"
            )
        case openai.APITimeoutError() | TimeoutError() | httpx2.TimeoutException() if lost is None:
            return ModelError("timeout", f"{where} did not answer in time. Is it overloaded?")
        case StreamBroken():
            return ModelError("broken", f"{where} broke off: {error}.")
        case _:
            return ModelError(
                "broken", f"{where} broke the connection: {str(error) or type(error).__name__}."
            )


def _lost(error: BaseException) -> BaseException | None:
    """How the connection was lost, or not had. The client calls that a time-out, too: what it was stands behind."""
    behind: BaseException | None = error
    while isinstance(behind, TimeoutError) or (
        behind and not isinstance(behind, aiohttp.ClientConnectionError)
    ):
        behind = behind.__cause__
    return behind


def _status(error: openai.APIStatusError, where: str, prefix: str, name: str) -> ModelError:
    status, said = error.status_code, error.message[:300]
    if status in (401, 403):
        return ModelError("unauthorised", f"{where} does not accept the key in {prefix}API_KEY: {said}")
    if status == 404:  # noqa: PLR2004
        return ModelError("not_found", f"{where} does not know the model {name} of {prefix}MODEL: {said}")
    if status == 429:  # noqa: PLR2004
        pause = _retry_after(error.response.headers.get("retry-after"))
        return ModelError(
            "rate_limited", f"{where} takes no more requests for now: {said}", retry_after=pause
        )
    if status >= 500 or status in (408, 409):  # noqa: PLR2004
        return ModelError("server_error", f"{where} failed with status {status}: {said}")
    if status in (400, 413, 422) and TOO_LONG.search(f"{error.code} {said}"):
        return ModelError("too_long", f"{where} finds the prompt too long: {said}")
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
