"""A scriptable OpenAI-compatible server: it speaks Chat Completions over real HTTP on a real port, and
misbehaves on request as endpoints in the field do. In a test it runs as a fixture; beside a server under test, as
a process: `python -m tests.model_server --port 9000 --say "Yes [1]."`

What it is told to do waits in line, one entry for each request; the last entry stays.
"""

import argparse
import asyncio
import json
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.side_models import SideModels

TOKEN = re.compile(r"\s?\w{1,6}|\s|[^\w\s]")
REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True)
class Act:
    """What one request is answered with. `end` is how the stream ends: finish, cut (closed cleanly without a
    finish_reason), reset (TCP), hang, garbage (bytes that are no JSON) or error (an error event).
    """

    text: str | Callable[[dict[str, Any]], str] = ""
    status: int = 200
    message: str = "scripted failure"
    retry_after: str | None = None
    pause_s: float = 0.0
    end: str = "finish"
    reason: str = "stop"
    after: int | None = None
    tool: tuple[str, str] | None = None
    silent: bool = False


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class ClosedByScript(Exception):
    """The connection ends here, as scripted."""


@dataclass
class ModelServer:
    """`url` is what OPENAI_BASE_URL takes. `requests` holds every completion that was asked for."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    hung_up: int = 0
    side: SideModels = field(default_factory=SideModels)
    _script: list[Act] = field(default_factory=lambda: [Act(text="Hello from the model.")])
    _told: bool = False
    _connections: set[asyncio.Task[Any]] = field(default_factory=set)
    _listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def say(self, text: str | Callable[[dict[str, Any]], str]) -> None:
        """Streams `text`, or what the function makes of the request's body."""
        self._add(Act(text=text))

    def say_slowly(self, text: str, per_token_s: float) -> None:
        self._add(Act(text=text, pause_s=per_token_s))

    def cut_after(self, tokens: int, text: str = "One two three four five six.", *, end: str = "cut") -> None:
        """Streams some tokens of `text`, then ends badly: cut, reset, hang, garbage or error."""
        self._add(Act(text=text, after=tokens, end=end))

    def finish_with(self, reason: str, text: str = "") -> None:
        self._add(Act(text=text, reason=reason))

    def fail(
        self, status: int, *, retry_after: float | str | None = None, message: str = "scripted failure"
    ) -> None:
        self._add(
            Act(status=status, message=message, retry_after=None if retry_after is None else str(retry_after))
        )

    def hang(self) -> None:
        """Accepts the request and sends nothing at all."""
        self._add(Act(silent=True, end="hang"))

    def call_tool(self, name: str, arguments: dict[str, Any] | str | None = None, *, text: str = "") -> None:
        body = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        self._add(Act(text=text, tool=(name, body), reason="tool_calls"))

    def reset(self) -> None:
        """Forgets the script and the requests."""
        self._script, self._told = [Act(text="Hello from the model.")], False
        self.requests.clear()
        self.side = SideModels()
        self.hung_up = 0

    def _add(self, act: Act) -> None:
        self._script = [*self._script, act] if self._told else [act]
        self._told = True

    def _next(self) -> Act:
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ModelServer"]:
        await self.listen()
        try:
            yield self
        finally:
            await self.shut()

    async def listen(self) -> None:
        self._listener = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Ends every connection; until it listens again, new ones are refused."""
        if self._listener is not None:
            self._listener.close()
        for task in (tasks := list(self._connections)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (request := await _read_request(reader)) is not None:
                await self._answer(request, reader, writer)
                if self.side.impatient and await reader.read(1):
                    break
        except (ClosedByScript, ConnectionError, asyncio.CancelledError):
            pass  # the script, the client or the end of the test closed it
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if request.path.endswith(("/embeddings", "/rerank")):
            await (self._wait_for_hang_up(reader) if self.side.hangs else asyncio.sleep(self.side.pause_s))
            await _send(writer, *self.side.reply(request.path, request.body))
            return
        if not request.path.endswith("/chat/completions"):
            await _send(writer, 200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
            return
        self.requests.append(request)
        act = self._next()
        if act.silent:
            await self._wait_for_hang_up(reader)
        elif act.status != 200:
            error = {"error": {"message": act.message, "type": "scripted", "code": str(act.status)}}
            await _send(writer, act.status, error, retry_after=act.retry_after)
        else:
            await self._stream_while_read(act, request.body, reader, writer)

    async def _stream_while_read(
        self, act: Act, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._stream(act, body, reader, writer)
        except ConnectionError:
            self.hung_up += 1
            raise

    async def _stream(
        self, act: Act, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        text = act.text if isinstance(act.text, str) else act.text(body)
        tokens = TOKEN.findall(text)[: act.after]
        _head(writer, 200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        _event(writer, _choice({"role": "assistant", "content": ""}))
        for token in tokens:
            _event(writer, _choice({"content": token}))
            await writer.drain()
            if act.pause_s:
                await asyncio.sleep(act.pause_s)
        if act.tool is not None:
            _tool_call(writer, *act.tool)
        await self._end(act, len(tokens), reader, writer)

    async def _end(
        self, act: Act, tokens: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if act.end == "hang":
            await self._wait_for_hang_up(reader)
        if act.end == "reset":
            await writer.drain()
            await asyncio.sleep(0.05)  # what was sent shall arrive before the reset discards it
            _reset(writer)
        if act.end == "garbage":
            _chunk(writer, b"data: {not json\n\n")
        if act.end == "error":
            _event(writer, {"error": {"message": "the engine fell over", "type": "server_error"}})
        if act.end == "finish":
            _event(writer, _choice({}, act.reason))
            usage = {"prompt_tokens": 100, "completion_tokens": tokens, "total_tokens": 100 + tokens}
            _event(writer, {"choices": [], "usage": usage})
            _chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _wait_for_hang_up(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.hung_up += 1
        raise ClosedByScript


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(first.split(" ")[1], headers, json.loads(body) if body else {})


async def _send(
    writer: asyncio.StreamWriter, status: int, document: Any, *, retry_after: str | None = None
) -> None:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    _head(writer, status, headers)
    writer.write(body)
    await writer.drain()


def _head(writer: asyncio.StreamWriter, status: int, headers: dict[str, str]) -> None:
    first = f"HTTP/1.1 {status} {REASONS.get(status, 'Scripted')}"
    lines = [first, *(f"{k}: {v}" for k, v in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "scripted", "choices": [choice]}


def _tool_call(writer: asyncio.StreamWriter, name: str, arguments: str) -> None:
    half = len(arguments) // 2
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
    _event(writer, _choice({"tool_calls": [call]}))
    for part in (arguments[:half], arguments[half:]):
        _event(writer, _choice({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}))


def _event(writer: asyncio.StreamWriter, document: dict[str, Any]) -> None:
    _chunk(writer, b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n")


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise ClosedByScript


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server that says what it is told to.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--say", default="Hello from the model.", help="what every request is answered with")
    parser.add_argument("--per-token", type=float, default=0.0, help="pause after each token, in seconds")
    parser.add_argument("--cut-after", type=int, help="tokens after which the stream is cut")
    parser.add_argument("--fail", type=int, default=200, help="the status to fail with")
    options = parser.parse_args()
    act = Act(text=options.say, pause_s=options.per_token, status=options.fail)
    if options.cut_after is not None:
        act = replace(act, after=options.cut_after, end="cut")
    asyncio.run(_serve(ModelServer(port=options.port, _script=[act])))


async def _serve(model: ModelServer) -> None:
    async with model.running():
        print(f"model server on {model.url}", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
