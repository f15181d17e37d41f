"""What an endpoint's embeddings should weigh against words: recall for several weights of its part of the search.

    python -m bench.endpoint_weight --url http://127.0.0.1:8080/v1 --model NAME ../shared/eval/mtrag_govt

It prints recall@1 / @5 / @10 and MRR, in memory, by the arithmetic of bench/tune.py, beside the static embeddings at
their own weight. Passages and questions are embedded as the product has it. Embedding a large set takes long: with
`--every 10` only each tenth of the texts that no question is about is searched.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.knowledge.endpoints import Endpoint, EndpointEmbedder
from app.knowledge.evaluation_set import Corpus, read_set
from app.knowledge.finding import asked_of
from bench.in_memory import Index
from bench.tune import FOUND, Constants, Scored, measure, rank, score
from ingest.embed import Vectors

WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
ALONE = 1e6
AT_ONCE = 512

# A question against every chunk by static embeddings and by the endpoint's, and what is relevant to it.
Asked = tuple[Index, Scored, Scored, set[str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--every", type=int, default=1)
    asyncio.run(measure_all(parser.parse_args()))


async def measure_all(given: argparse.Namespace) -> None:
    key = os.environ.get("EMBEDDINGS_API_KEY")
    embedder = EndpointEmbedder(Endpoint("embeddings endpoint", "", given.url, key, given.model), None)
    for path in given.sets:
        asked = [
            one
            for corpus in read_set(path)
            async for one in questions(Index.of(thinned(corpus, given.every)), embedder)
        ]
        print(f"{path.name}, {len(asked)} questions")
        show("static", [(index, static, relevant) for index, static, _, relevant in asked], Constants())
        for weight in (*WEIGHTS, ALONE):
            use = replace(Constants(), dense_weight=weight)
            label = "alone" if weight == ALONE else str(weight)
            show(label, [(index, endpoint, relevant) for index, _, endpoint, relevant in asked], use)
    await embedder.endpoint.close()


def thinned(corpus: Corpus, every: int) -> Corpus:
    wanted = set().union(*corpus.relevant.values())
    kept = [entry for at, entry in enumerate(corpus.entries) if at % every == 0 or entry.id in wanted]
    return replace(corpus, entries=kept)


async def questions(index: Index, embedder: EndpointEmbedder) -> AsyncIterator[Asked]:
    index.weigh_headings(Constants().heading_weight)
    asked = [one for one in index.corpus.queries if one.id in index.corpus.relevant]
    passages = await embedded(embedder, index.texts)
    meanings = await embedded(embedder, [asked_of(one.query()) for one in asked])
    for one, meaning in zip(asked, meanings, strict=True):
        static = score(index, one.query(), Constants())
        likeness = (passages @ meaning).astype(float)
        yield index, static, replace(static, dense=likeness), index.corpus.relevant[one.id]


async def embedded(embedder: EndpointEmbedder, texts: Sequence[str]) -> Vectors:
    parts = []
    for start in range(0, len(texts), AT_ONCE):
        parts.append(await embedder.embed(texts[start : start + AT_ONCE]))
        print(f"embedded {start + len(parts[-1])} of {len(texts)}", file=sys.stderr, flush=True)
    return np.concatenate(parts)


def show(label: str, asked: Sequence[tuple[Index, Scored, set[str]]], use: Constants) -> None:
    rows = []
    for index, scored, relevant in asked:
        names = list(dict.fromkeys(index.entry[row] for row in rank(index, scored, use)))[:FOUND]
        rows.append(measure([name in relevant for name in names], len(relevant)))
    print(f"{label:8}", " ".join(f"{figure:.3f}" for figure in np.mean(rows, axis=0)), flush=True)


if __name__ == "__main__":
    main()
