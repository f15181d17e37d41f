"""How long passages should be (SIZE_TOKENS of ingest/chunk.py): recall over whole pages that are cut anew.

    python -m bench.chunk_size ../shared/eval/aws_docs

It prints recall@1 / @5 / @10 and MRR of pages for each length, in memory, by the arithmetic of bench/tune.py: once with
the usual length of BM25 as it is, once with that scaled alike. Sets of passages are not cut and say nothing.
"""

import sys
from pathlib import Path

from app.knowledge.evaluation_set import read_set
from bench.in_memory import Index
from bench.tune import Constants, figures
from ingest.chunk import SIZE_TOKENS
from ingest.lexical import USUAL_LENGTH

SIZES = (160, 240, 320, 400, 480, 640)


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        for size in SIZES:
            indexes = [Index.of(corpus, size) for corpus in read_set(path)]
            passages = sum(len(index.texts) for index in indexes)
            usual = round(USUAL_LENGTH * size / SIZE_TOKENS)
            used = " (in use)" if size == SIZE_TOKENS else ""
            print(f"{path.name}, {size} tokens, {passages} passages{used}")
            for length in dict.fromkeys((USUAL_LENGTH, usual)):
                cells = " ".join(f"{one:.3f}" for one in figures(indexes, Constants(usual_length=length)))
                print(f"  usual length {length:3}: {cells}", flush=True)


if __name__ == "__main__":
    main()
