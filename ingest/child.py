"""The parsing process: reads a request on stdin, answers on stdout, and can do no harm in between."""

import contextlib
import os
import sys

import msgspec

from ingest.exchange import Reply, Request, Unread, read_request
from ingest.parsed import ParseFailure
from ingest.sandbox import confine

# What allocators and thread stacks reserve without touching it. The parent watches what is really resident.
RESERVED_MB = 512


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not end up inside the reply.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request, data = read_request(sys.stdin.buffer)
    confine(
        parent=request.parent, seconds=request.limits.seconds, data_mb=request.limits.memory_mb + RESERVED_MB
    )
    with answers:
        answers.write(msgspec.msgpack.encode(answer(data, request)))
    # Nothing is left to tidy up, and interpreter shutdown with foreign threads is where crashes happen.
    os._exit(0)


def answer(data: bytes, request: Request) -> Reply:
    try:
        return done(data, request)
    except ParseFailure as failure:
        return Unread(failure.code, failure.message)
    except MemoryError:
        return refusal("out_of_memory")
    except RecursionError:
        return refusal("broken")


def done(data: bytes, request: Request) -> Reply:
    if request.task == "read":
        from ingest.read import read

        return read(data, request.name, characters=request.limits.characters, ocr=request.ocr)
    from ingest.survey import survey_page, survey_sitemap

    return survey_page(data, request.name) if request.task == "survey" else survey_sitemap(data)


def refusal(code: str) -> Unread:
    failure = ParseFailure(code)
    return Unread(failure.code, failure.message)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
