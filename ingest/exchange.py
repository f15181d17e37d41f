"""The messages between the parent and the parsing child, and how the child reads them."""

import struct
from typing import BinaryIO, Literal

import msgspec

from ingest.parsed import Limits, Parsed
from ingest.surveyed import Sitemap, Survey

# To read a file as a document; or, with its address as its name, to survey a web page or a sitemap.
Task = Literal["read", "survey", "sitemap"]


class Request(msgspec.Struct, frozen=True):
    """Sent as a 4-byte length and msgpack; the file's bytes follow until the end of the stream."""

    name: str
    limits: Limits
    parent: int
    ocr: bool
    task: Task = "read"


class Unread(msgspec.Struct, frozen=True, tag="unread"):
    """The child's polite refusal: it becomes a ParseFailure on the other side."""

    code: str
    message: str


Reply = Parsed | Survey | Sitemap | Unread


def read_request(stream: BinaryIO) -> tuple[Request, bytes]:
    (length,) = struct.unpack(">I", stream.read(4))
    request = msgspec.msgpack.decode(stream.read(length), type=Request)
    return request, stream.read()
