"""How well statements with support are told from those without.

`python -m bench.support FOLDER…`: the sentences of the sets' own answers against the passages that they were written
from (supported), against those of another conversation, and with their numbers changed (unsupported).
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from app.answering.support import LEAST_STEMS, THRESHOLD, figures, stands, support
from app.knowledge.evaluation_set import read_set
from ingest.lexical import guess_language, stems
from ingest.sentences import sentences

# What was said, the passages, and the question.
Said = tuple[str, list[str], str]
STEPS = [step / 20 for step in range(4, 16)]


class Answered(msgspec.Struct):
    id: str
    text: str = ""
    answer: str = ""
    conversation: str = ""


def main() -> None:
    for name in sys.argv[1:]:
        pairs, foreign = _pairs(Path(name))
        kinds: dict[str, Sequence[Said]] = {
            "with its own passages": pairs,
            "with those of another conversation": foreign,
            "with its numbers changed": [(_changed(one[0]), *one[1:]) for one in pairs if figures(one[0])],
        }
        print(f"{name}: {len(pairs)} statements; doubted at each threshold (in use: {THRESHOLD})")
        print(f"  {'':<36}", *(f"{step:.2f}" for step in STEPS))
        for kind, these in kinds.items():
            marks = [support(said, texts) if texts else 0.0 for said, texts, _ in these]
            shares = [sum(mark < step for mark in marks) / len(marks) for step in STEPS]
            print(f"  {kind:<36}", *(f"{share:.2f}" for share in shares))
            doubted = sum(not stands(*one) for one in these)
            print(f"  {'':<36} doubted as in use: {doubted / len(these):.3f}")


def answered(folder: Path) -> list[Answered]:
    """The questions of a set that it has an answer to."""
    lines = (folder / "queries.jsonl").read_bytes().splitlines()
    return [one for one in (msgspec.json.decode(line, type=Answered) for line in lines) if one.answer]


def _pairs(folder: Path) -> tuple[list[Said], list[Said]]:
    (corpus,) = read_set(folder)
    texts = {entry.id: entry.text for entry in corpus.entries}
    known = [one for one in answered(folder) if corpus.relevant.get(one.id)]
    own: list[Said] = []
    foreign: list[Said] = []
    for at, one in enumerate(known):
        passages = [texts[each] for each in corpus.relevant[one.id] if each in texts]
        other = next(each for each in known[at + 1 :] + known if each.conversation != one.conversation)
        elsewhere = [texts[each] for each in corpus.relevant[other.id] if each in texts]
        for said in _statements(one.answer):
            own.append((said, passages, one.text))
            foreign.append((said, elsewhere, one.text))
    return own, foreign


def _changed(said: str) -> str:
    return re.sub(r"\d", lambda digit: str((int(digit.group()) + 3) % 10), said)


def _statements(answer: str) -> Iterator[str]:
    for line in answer.splitlines():
        for said in sentences(line):
            if len(set(stems(said, guess_language(said)))) >= LEAST_STEMS and not said.endswith((":", "?")):
                yield said


if __name__ == "__main__":
    main()
