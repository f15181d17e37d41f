"""What arrives packed, unpacked in small parts, however much a part of it unpacks to."""

import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

from app.knowledge.unavailable import MEGABYTE, PageUnavailable, cut_off

PART = 64 * 1024
GZIP = b"\x1f\x8b"
# The most that a packed sitemap may unpack to, as the protocol has it.
SITEMAP = 50 * MEGABYTE


async def unpacked(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    """A body. Raises PageUnavailable."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        async for part in response.aiter_raw():
            yield part
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise PageUnavailable(
            f"{url} is packed in a way that was not asked for ({packing}). Have the site send it plain or as gzip.",
            reason="encoding",
        )
    unpack = _Unpacking(bare=packing == "deflate")
    try:
        async for part in response.aiter_raw():
            for piece in unpack.pieces(part):
                yield piece
    except zlib.error as error:
        raise PageUnavailable(
            f"{url} arrived damaged. Try again later.", reason="encoding", passing=True
        ) from error
    if unpack.under_way:
        raise cut_off(url)


class _Unpacking:
    """Packed files one behind the other, as gzip allows; what follows the last is ignored, as browsers do.

    `bare`: there may be no head, as where some servers say "deflate". `under_way`: an end is still to come.
    """

    def __init__(self, *, bare: bool = False) -> None:
        self._bare = bare
        self._file: zlib._Decompress | None = None
        self._done = False

    @property
    def under_way(self) -> bool:
        return self._file is not None

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """Raises zlib.error."""
        while packed and not self._done:
            if self._file is None:
                self._file = zlib.decompressobj(self._form(packed[0]))
            yield from self._until_consumed(self._file, packed)
            packed = self._file.unused_data
            if self._file.eof:
                self._file = None
                self._done = packed[:1] not in {b"", GZIP[:1]}

    def _form(self, first: int) -> int:
        headed = first == GZIP[0] or first & 15 == zlib.DEFLATED
        return -zlib.MAX_WBITS if self._bare and not headed else zlib.MAX_WBITS | 32

    def _until_consumed(self, file: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
        while not file.eof:
            piece = file.decompress(packed, PART)
            yield piece
            packed = file.unconsumed_tail
            if not packed and len(piece) < PART:
                return


def gunzipped(content: bytes, url: str) -> bytes:
    """A sitemap, which may be a gzip file. Raises PageUnavailable for one that unpacks to too much."""
    if not content.startswith(GZIP):
        return content
    unpack = _Unpacking()
    whole = bytearray()
    try:
        for piece in unpack.pieces(content):
            whole += piece
            if len(whole) > SITEMAP:
                raise PageUnavailable(
                    f"{url} unpacks to more than {SITEMAP // MEGABYTE} MB. Split it into several sitemaps.",
                    reason="bomb",
                )
    except zlib.error as error:
        raise _damaged(url) from error
    if unpack.under_way:  # cut off: what it lists is not all
        raise _damaged(url)
    return bytes(whole)


def _damaged(url: str) -> PageUnavailable:
    return PageUnavailable(
        f"{url} is a damaged gzip file. Have the site write it anew, or give the address of a plain one.",
        reason="encoding",
    )
