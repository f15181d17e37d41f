"""What arrives packed, unpacked in small parts, however much a part of it unpacks to."""

import zlib
from collections.abc import AsyncIterator

import httpx

from app.knowledge.unavailable import MEGABYTE, PageUnavailable

PART = 64 * 1024
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
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for part in response.aiter_raw():
            yield unpack.decompress(part, PART)
            while unpack.unconsumed_tail:
                yield unpack.decompress(unpack.unconsumed_tail, PART)
    except zlib.error as error:
        raise PageUnavailable(
            f"{url} arrived damaged. Try again later.", reason="encoding", passing=True
        ) from error


def gunzipped(content: bytes, url: str) -> bytes:
    """A sitemap, which may be a gzip file. Raises PageUnavailable for one that unpacks to too much."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = unpack.decompress(content, SITEMAP)
    except zlib.error as error:
        raise _damaged(url) from error
    if unpack.unconsumed_tail:
        raise PageUnavailable(
            f"{url} unpacks to more than {SITEMAP // MEGABYTE} MB. Split it into several sitemaps.",
            reason="bomb",
        )
    if not unpack.eof:  # cut off: what it lists is not all
        raise _damaged(url)
    return whole


def _damaged(url: str) -> PageUnavailable:
    return PageUnavailable(
        f"{url} is a damaged gzip file. Have the site write it anew, or give the address of a plain one.",
        reason="encoding",
    )
