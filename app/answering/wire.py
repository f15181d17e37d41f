"""What a Chat Completions endpoint streams: server-sent events, each one JSON document or the word [DONE]."""

from collections.abc import AsyncIterator
from itertools import takewhile

import msgspec

DONE = b"[DONE]"


class StreamBroken(Exception):
    """The endpoint sent something that the protocol does not know; the message says what."""


class Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class CallPart(msgspec.Struct):
    index: int = 0
    function: Function | None = None


class Part(msgspec.Struct):
    content: str | None = None
    tool_calls: list[CallPart] | None = None


class Choice(msgspec.Struct):
    delta: Part | None = None
    finish_reason: str | None = None


class Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(msgspec.Struct):
    choices: list[Choice] = []
    usage: Usage | None = None
    error: msgspec.Raw | None = None


_decoder = msgspec.json.Decoder(Chunk)


async def chunks(body: AsyncIterator[bytes]) -> AsyncIterator[list[Chunk]]:
    """The documents of an event stream up to [DONE] or its end, each time all that have come. Raises StreamBroken."""
    rest = b""
    async for data in body:
        *lines, rest = (rest + data).split(b"\n")
        # Comments, event names and the empty lines between events are left out.
        payloads = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        come = list[Chunk]()
        try:
            come.extend(map(_decode, takewhile(DONE.__ne__, payloads)))
        except StreamBroken:
            yield come
            raise
        yield come
        if DONE in payloads:
            return


def _decode(payload: bytes) -> Chunk:
    try:
        chunk = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise StreamBroken(f"it sent a line that cannot be read ({error})") from error
    if chunk.error is not None and bytes(chunk.error) != b"null":
        said = bytes(chunk.error)[:300].decode(errors="replace")
        raise StreamBroken(f"it reported an error in mid-stream: {said}")
    return chunk
