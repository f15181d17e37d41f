"""Dense vectors without a network: static embeddings of word pieces, pooled.

The weights come in the wheel of `wordllama`. They are read here directly: importing the package would
configure the process's logging, and its mean over all pieces gives "the" as much say as "refund". Measured on
both mtrag sets, weighing pieces by how rare they are in general (documents) and in the organisation's own
texts (questions) found 3 to 8 more of 100 relevant passages among the first ten.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

# The vocabulary begins with bytes and signs; after them pieces stand in the order of how often they occur.
BYTES = 259
WORD_BEGINS = "▁"
# The rank at which a piece counts half; Zipf's law makes rarity grow with the rank.
HALF_RANK = 65
# Added to each rank, so that the very first pieces are not nothing.
FIRST_RANK = 10
BYTE_WEIGHT = 0.4
# Pieces a letter of what is spelt: .9 and more in Arabic, Greek, Hindi and Thai, at most .63 where words are known.
SPELT = 0.8

# No word piece reaches over a single blank (over several there are pieces of blanks, which the tokenizer writes as
# WORD_BEGINS), so that what stands between two has always the same pieces. They are remembered of this many words, and
# of none that is longer than this; of twice as many, in turn, so that those in use are not forgotten.
BLANK = re.compile(f"(?<=[^\\s{WORD_BEGINS}]) (?=[^\\s{WORD_BEGINS}])")
MOST_WORDS, LONGEST_WORD = 50_000, 40
# Words with a blank, with what pieces have in its place, or with what the tokenizer's own signs ("<s>") begin with: in
# these, pieces may begin as words do.
ODD = re.compile(f"[ {WORD_BEGINS}<]")


class StaticEmbedder:
    """256 dimensions, 0.3 ms a chunk, 0.1 ms a question; English above all, a little for its relatives."""

    name = "wordllama-256"
    dim = 256

    def __init__(self) -> None:
        folder = _package_folder()
        self._tokenizer = Tokenizer.from_file(
            str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
        )
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        weights = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
        # The last row is that of pieces without weights: nothing.
        weighted = weights.astype(np.float32) * _rarity(len(weights))[:, None]
        self._pieces: Vectors = np.vstack([weighted, np.zeros((1, self.dim), np.float32)])
        begin = [at for piece, at in self._tokenizer.get_vocab().items() if piece.startswith(WORD_BEGINS)]
        self._begins = np.isin(np.arange(len(self._pieces)), begin)
        self._known: dict[str, tuple[int, ...]] = {}
        self._known_before: dict[str, tuple[int, ...]] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Texts as rows of length 1, shape (len(texts), 256); a text without word pieces is all zeros."""
        return unit(self.sums(texts)) if texts else np.zeros((0, self.dim), np.float32)

    def embed_words(self, weights: Mapping[str, float]) -> Vectors:
        """One row, shape (256,), of words that count as much as they are given; zeros for none."""
        pooled = np.zeros(self.dim, np.float32)
        for row, weight in zip(self._pooled(list(weights)), weights.values(), strict=True):
            pooled += row * weight
        return unit(pooled)

    def sums(self, texts: Sequence[str]) -> Vectors:
        """Texts as rows that are not yet of length 1: the row of several texts together is the sum of theirs."""
        return np.stack(list(self._pooled(texts)))

    def is_common(self, word: str) -> bool:
        """Whether a word is one piece."""
        return self._tokenizer.token_to_id(WORD_BEGINS + word) is not None

    def spells(self, words: Sequence[str]) -> bool:
        """Whether it knows of these words hardly more than their letters, and thus little of what they mean."""
        pieces = sum(map(len, self._encoded(words)))
        return pieces >= SPELT * sum(map(len, words))

    def vocabulary(self) -> list[str]:
        """Pieces that begin a word, the most frequent first."""
        numbered = sorted(self._tokenizer.get_vocab().items(), key=lambda pair: pair[1])
        return [piece[1:] for piece, _ in numbered if piece.startswith(WORD_BEGINS)]

    def _pooled(self, texts: Sequence[str]) -> Iterator[Vectors]:
        for numbers in self._encoded(texts):
            # Clipped: what is past the last row is taken for it.
            yield self._pieces.take(np.array(numbers, np.intp), axis=0, mode="clip").sum(axis=0)

    def _encoded(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The numbers of each text's pieces."""
        if len(self._known) > MOST_WORDS:
            self._known, self._known_before = {}, self._known
        known, before, parted = self._known, self._known_before, [_parted(text) for text in texts]
        # Not `- known.keys()`, which goes through all that is known.
        fresh = set(chain.from_iterable(parted)).difference(known)
        new = {word: before[word] for word in fresh if word in before}
        new |= self._cut(list(fresh.difference(new)))
        known.update((word, numbers) for word, numbers in new.items() if len(word) <= LONGEST_WORD)
        for words in parted:
            yield list(chain.from_iterable(new[word] if word in new else known[word] for word in words))

    def _cut(self, words: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The numbers of each word's pieces. All plain ones are cut together, which takes half the time."""
        plain = [word for word in words if not ODD.search(word)]
        numbers = self._numbers(" ".join(plain))
        begins = [*np.flatnonzero(self._begins.take(numbers, mode="clip")).tolist(), len(numbers)]
        pieces = [tuple(numbers[at:end]) for at, end in pairwise(begins)]
        cut = dict(zip(plain, pieces, strict=True))
        return cut | {word: tuple(self._numbers(word)) for word in set(words).difference(plain)}

    def _numbers(self, text: str) -> list[int]:
        numbers: list[int] = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids
        return numbers


def _parted(text: str) -> list[str]:
    """The text at its single blanks; of most texts those are all the white space."""
    parts = text.split()
    return parts if " ".join(parts) == text and WORD_BEGINS not in text else BLANK.split(text)


def _rarity(vocabulary: int) -> Vectors:
    """How much each word piece counts, 0..1."""
    rank = np.arange(1 - BYTES, vocabulary + 1 - BYTES, dtype=np.float32).clip(0) + FIRST_RANK
    weight: Vectors = rank / (rank + FIRST_RANK + HALF_RANK)
    weight[:BYTES] = BYTE_WEIGHT
    return weight


def unit(rows: Vectors) -> Vectors:
    """One row or several, each at length 1; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    of_length_1: Vectors = rows / np.maximum(length, np.finfo(np.float32).tiny)
    return of_length_1


def _package_folder() -> Path:
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package `wordllama` is not installed. Run `make setup`.")
    return Path(spec.submodule_search_locations[0])


@cache
def static_embedder() -> StaticEmbedder:
    """The one of this process; its first use reads 16 MB."""
    return StaticEmbedder()
