"""What a version's file says: parsed in a process of its own, or taken as it is where it was written in the console."""

from dataclasses import dataclass

import msgspec

from ingest.chunk import Chunk, chunk
from ingest.language import detect
from ingest.parse import parse
from ingest.parsed import Limits, Page, Parsed

WRITTEN = ("faq", "snippet")


@dataclass(frozen=True)
class File:
    """A version's bytes; `name` and `source` are its document's."""

    name: str
    source: str
    content: bytes


class WrittenText(msgspec.Struct, frozen=True):
    """The file of what was written in the console. `questions`: an FAQ's variants, or a snippet's title alone."""

    questions: tuple[str, ...]
    text: str
    language: str | None = None

    def encoded(self) -> bytes:
        return msgspec.json.encode(self)


async def parsed_from(file: File) -> Parsed:
    """Raises ParseFailure."""
    if file.source not in WRITTEN:
        return await parse(file.content, name=file.name, limits=Limits())
    written = _written(file)
    language = written.language or detect("\n".join((*written.questions, written.text)))
    page = Page(number=None, markdown=written.text)
    return Parsed(file.source, "text/markdown", written.questions[0], language, [page])


def chunks_of(file: File, parsed: Parsed) -> list[Chunk]:
    """Passages in reading order. Each of an FAQ's questions leads to the whole answer, and so do the answer's words."""
    if file.source != "faq":
        return chunk(parsed)
    written = _written(file)
    headings = (written.questions[0],)
    asked = [None, *written.questions]
    return [Chunk(at, written.text, headings, None, question) for at, question in enumerate(asked)]


def _written(file: File) -> WrittenText:
    return msgspec.json.decode(file.content, type=WrittenText)
