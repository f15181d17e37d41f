"""Whether what was found can answer the question at all, or is only the least bad that there is.

A logistic fit on three sets with unanswerable questions, each set and each kind weighing the same
(`python -m bench.tune --evidence`). Questions about the right subject that the texts don't answer look much like
those that they do: a set left out of the fit is told apart with an area under the curve of .76 (mtrag_govt), .66
(mtrag_cloud) and .81 (hint3). Of questions about another subject, mtrag_govt's texts stop 93 to 96 in 100.
"""

from collections.abc import Sequence
from math import exp

from app.knowledge.question import Query
from app.knowledge.search import Passage
from ingest.lexical import words

# Passages that an answer would be made of.
CONSIDERED = 5
STRENGTH, LIKENESS, OFFSET = 1.59, 0.23, -1.72
# More than this, rare words repeated, proves nothing further.
STRENGTH_LIMIT = 1.5

# Below this, "I don't know". It lets .95 / .85 / .70 of the answerable questions of mtrag_cloud / mtrag_govt / hint3
# pass, and all 71 that open a conversation on mtrag or are asked of aws_docs; it stops .13 / .40 / .79 of the
# unanswerable ones.
THRESHOLD = 0.4


def evidence(query: Query, passages: Sequence[Passage]) -> float:
    """How likely the passages, best first, answer what was asked, 0..1.

    0 for none, and for a turn without a word in it ("?!"), which would be searched by its history alone.
    """
    considered = passages[:CONSIDERED]
    if not considered or not words(query.text):
        return 0.0
    strength = min(STRENGTH_LIMIT, max(passage.strength for passage in considered))
    likeness = max(passage.dense for passage in considered)
    return 1 / (1 + exp(-(STRENGTH * strength + LIKENESS * likeness + OFFSET)))
