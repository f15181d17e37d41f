"""What a Chat Completions endpoint streams: server-sent events, each one JSON document or the word [DONE]."""

from collections.abc import AsyncIterator

import msgspec


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


async def chunks(body: AsyncIterator[bytes]) -> AsyncIterator[Chunk]:
    """The documents of an event stream up to [DONE] or its end. Raises StreamBroken."""
    rest = b""
    async for data in body:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue  # comments, event names and the empty lines between events
            payload = line[5:].strip()
            if payload == b"[DONE]":
                return
            yield _decode(payload)


def _decode(payload: bytes) -> Chunk:
    try:
        chunk = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise StreamBroken(f"it sent a line that cannot be read ({error})") from error
    if chunk.error is not None and bytes(chunk.error) != b"null":
        said = bytes(chunk.error)[:300].decode(errors="replace")
        raise StreamBroken(f"it reported an error in mid-stream: {said}")
    return chunk
