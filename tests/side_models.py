"""What the scriptable model server says at /embeddings and /rerank: vectors and orders that follow from the words."""

import re
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

WORD = re.compile(r"\w+")
# Two words that such a model knows to mean the same.
SAME = {"automobile": "car", "lorry": "truck"}


@dataclass
class SideModels:
    """`status` and `answer` (bytes as they are) replace what would be said, `pause_s` comes before it; `hangs` says
    nothing at all. `impatient` ends a connection as soon as a second request comes on it. `tei` takes `texts` alone.
    """

    dimensions: int = 48
    status: int = 200
    fail_times: int = 0
    answer: Any = None
    hangs: bool = False
    impatient: bool = False
    pause_s: float = 0.0
    tei: bool = False
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def reply(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.requests.append((path, body))
        if self.fail_times:
            self.fail_times -= 1
            return self.status, {"error": "scripted failure"}
        if self.answer is not None:
            return 200, self.answer
        if path.endswith("/embeddings"):
            return 200, self._embeddings(body)
        return self._ranking(body)

    def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        size = body.get("dimensions", self.dimensions)
        rows = [{"index": at, "embedding": vector(text, size)} for at, text in enumerate(body["input"])]
        return {"object": "list", "data": rows[::-1], "model": body["model"]}

    def _ranking(self, body: dict[str, Any]) -> tuple[int, Any]:
        """The passage that says most of the question's words first; ties as they came, the last first."""
        passages = body.get("texts" if self.tei else "documents")
        if passages is None:
            return 422, {"error": "missing field `texts`"}
        asked = set(WORD.findall(body["query"].lower()))
        scores = [
            len(asked & set(WORD.findall(text.lower()))) + at / 1000 for at, text in enumerate(passages)
        ]
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        if self.tei:
            return 200, [{"index": at, "score": scores[at]} for at in order]
        return 200, {"results": [{"index": at, "relevance_score": scores[at]} for at in order]}


def vector(text: str, size: int) -> list[float]:
    row = [0.0] * size
    for word in WORD.findall(text.lower()):
        row[crc32(SAME.get(word, word).encode()) % size] += 1.0
    return row
