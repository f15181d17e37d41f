"""How many tokens a text costs: counted where tiktoken's vocabulary lies in its cache, estimated where not.

tiktoken would fetch a missing vocabulary when it is first used, in the middle of an answer and without a time limit.
Here it may only read what is there already (TIKTOKEN_CACHE_DIR).
"""

import logging
from collections.abc import Callable
from functools import lru_cache

import tiktoken
import tiktoken.load

log = logging.getLogger(__name__)

VOCABULARY = "o200k_base"
# English has more than four bytes a token, other languages and code about three: an upper estimate.
BYTES_A_TOKEN = 2.5


class NotCachedError(OSError):
    """The vocabulary is not on this machine."""


def count(text: str) -> int:
    return counter()(text)


@lru_cache(maxsize=1)
def counter() -> Callable[[str], int]:
    tiktoken.load.read_file = _refuse
    try:
        encoding = tiktoken.get_encoding(VOCABULARY)
    except (OSError, ValueError):
        log.info("tiktoken's vocabulary %s is not in its cache: prompt sizes are estimated.", VOCABULARY)
        return estimate
    return lambda text: len(encoding.encode_ordinary(text))


def _refuse(blobpath: str) -> bytes:
    raise NotCachedError(f"{blobpath} would have to be fetched")


def estimate(text: str) -> int:
    """At least as many tokens as any text in use has."""
    return int(len(text.encode()) / BYTES_A_TOKEN) + 1
