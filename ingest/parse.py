"""Parse a file in a process of its own, so that a bomb or a crash costs that process and nothing else."""

import asyncio
import contextlib
import os
import shutil
import signal
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from ingest.exchange import Reply, Request, Task, Unread
from ingest.parsed import MEGABYTE, Limits, Parsed, ParseFailure
from ingest.surveyed import Sitemap, Survey

WATCH_EVERY_SECONDS = 0.02
STDERR_KEPT = 8192
# What markdown may weigh as UTF-8 with its envelope: a reply beyond this comes from a child gone wrong.
REPLY_BYTES_PER_CHARACTER = 4


async def parse(data: bytes, *, name: str, limits: Limits | None = None) -> Parsed:
    """
    Reads one file to markdown, its type told by its content; `name` only settles between kinds of text.

    Raises ParseFailure with a code and a message for the admin. How many parse at once is up to the caller.
    """
    reply = await ask(data, "read", name, limits or Limits())
    assert isinstance(reply, Parsed)
    return reply


async def survey(data: bytes, *, url: str) -> Survey:
    """What a web page is and where it leads. Raises ParseFailure."""
    reply = await ask(data, "survey", url, Limits())
    assert isinstance(reply, Survey)
    return reply


async def survey_sitemap(data: bytes) -> Sitemap:
    """What a sitemap lists. Raises ParseFailure."""
    reply = await ask(data, "sitemap", "", Limits())
    assert isinstance(reply, Sitemap)
    return reply


async def ask(data: bytes, task: Task, name: str, limits: Limits) -> Reply:
    refuse_by_size(data, limits)
    ocr = shutil.which("tesseract") is not None
    request = Request(name=name, limits=limits, parent=os.getpid(), ocr=ocr, task=task)
    async with child() as process:
        reply = await converse(process, request, data)
    if isinstance(reply, Unread):
        raise ParseFailure(reply.code, reply.message)
    return reply


def refuse_by_size(data: bytes, limits: Limits) -> None:
    if not data:
        raise ParseFailure(
            "empty", "This file is empty. Check that the right file was chosen, and upload it again."
        )
    if len(data) > limits.input_mb * MEGABYTE:
        size = len(data) / MEGABYTE
        raise ParseFailure(
            "too_large",
            f"This file has {size:.0f} MB, and {limits.input_mb} MB is the most that is read. "
            "Split it into smaller files and upload those.",
        )


@contextlib.asynccontextmanager
async def child() -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "ingest.child",
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=surroundings(),
        cwd="/",
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        # The transport is closed only when the process is reaped, also when this task is being cancelled.
        await asyncio.shield(process.wait())


def surroundings() -> dict[str, str]:
    """The child's whole environment. Nothing of ours is inherited: it may hold keys and passwords."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        # One arena and one thread each: memory is then what the document needs, and can be limited.
        "MALLOC_ARENA_MAX": "1",
        "RAYON_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
    }


async def converse(process: asyncio.subprocess.Process, request: Request, data: bytes) -> Reply:
    watch = asyncio.create_task(watch_memory(process, request.limits.memory_mb))
    try:
        async with asyncio.timeout(request.limits.seconds):
            _, output, complaint = await asyncio.gather(
                send(process, request, data), receive(process, request.limits), last_words(process)
            )
            status = await process.wait()
    except TimeoutError as late:
        raise ParseFailure("timeout") from late
    finally:
        watch.cancel()
        outgrown = watch.done() and not watch.cancelled()
    if status or not output:
        raise died("out_of_memory" if outgrown else cause_of_death(status, complaint), complaint)
    return decoded(output)


async def send(process: asyncio.subprocess.Process, request: Request, data: bytes) -> None:
    assert process.stdin
    head = msgspec.msgpack.encode(request)
    # A child that dies while reading says why by its exit status, not by a broken pipe.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(struct.pack(">I", len(head)) + head)
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def receive(process: asyncio.subprocess.Process, limits: Limits) -> bytes:
    assert process.stdout
    output = bytearray()
    most = limits.characters * REPLY_BYTES_PER_CHARACTER + MEGABYTE
    while part := await process.stdout.read(MEGABYTE):
        output += part
        if len(output) > most:
            raise ParseFailure("too_large")
    return bytes(output)


async def last_words(process: asyncio.subprocess.Process) -> bytes:
    assert process.stderr
    kept = b""
    while part := await process.stderr.read(STDERR_KEPT):
        kept = (kept + part)[-STDERR_KEPT:]
    return kept


async def watch_memory(process: asyncio.subprocess.Process, most_mb: int) -> None:
    """Ends by killing the process when it has outgrown its memory; else runs until cancelled."""
    held = 0.0
    while held <= most_mb:
        await asyncio.sleep(WATCH_EVERY_SECONDS)
        held = resident_mb(process.pid)
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def resident_mb(pid: int) -> float:
    """The most that the process ever held; 0 where the system has no /proc, and the child's own limit remains."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = status.partition("VmHWM:")[2].split(maxsplit=1)
    return int(peak[0]) / 1024 if peak else 0.0


def cause_of_death(status: int, complaint: bytes) -> str:
    # Rust aborts when an allocation is refused and says so; a SIGKILL that is not ours is the kernel's OOM killer.
    if b"memory allocation" in complaint or b"MemoryError" in complaint or status == -signal.SIGKILL:
        return "out_of_memory"
    if status == -signal.SIGXCPU:
        return "timeout"
    return "crashed"


def died(code: str, complaint: bytes) -> ParseFailure:
    failure = ParseFailure(code)
    # For the operator's log; the admin's message stays readable.
    failure.add_note(complaint.decode(errors="replace"))
    return failure


def decoded(output: bytes) -> Reply:
    try:
        reply: Reply = msgspec.msgpack.decode(output, type=Reply)
    except msgspec.DecodeError as garbled:
        raise ParseFailure("crashed") from garbled
    return reply
