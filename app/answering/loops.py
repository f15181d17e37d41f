"""Two programs that answer each other never stop by themselves. The assistant is the one that does.

What tells a program from a person is not how much it writes but how: the same words again and again, a rhythm that no
hand keeps, or no pause for longer than anybody reads. Who is taken for a program is given to a person, not cut off.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, pstdev

from app.conversations.asked import Said

# The same text so often among the latest messages.
SAME, AMONG = 4, 6
# So many pauses in a row that differ from each other by less than this share of them, none longer than these seconds.
BEATS, UNEVENNESS, LONGEST_BEAT_S = 10, 0.08, 30.0
# More messages than this in a row, one every ten seconds for ten minutes.
ENDLESS, WITHIN = 60, timedelta(minutes=10)


def looping(said: Sequence[Said]) -> str | None:
    """Why the visitor is taken for a program, for the people who work here; None for somebody who is not.

    `said` is everything since the conversation last changed hands: an agent who hands it back begins a new count.
    """
    visitor = [each for each in said if each.author == "visitor"]
    if _repeats(visitor):
        return "The same message came again and again."
    if _beats(visitor):
        return "The messages came as regularly as a machine sends them."
    if len(visitor) > ENDLESS and visitor[-1].at - visitor[-ENDLESS - 1].at < WITHIN:
        return "The messages did not stop."
    return None


def _repeats(visitor: Sequence[Said]) -> bool:
    texts = [" ".join(each.text.casefold().split()) for each in visitor[-AMONG:]]
    return bool(texts) and texts.count(texts[-1]) >= SAME


def _beats(visitor: Sequence[Said]) -> bool:
    latest = visitor[-BEATS - 1 :]
    pauses = [(b.at - a.at).total_seconds() for a, b in pairwise(latest)]
    if len(pauses) < BEATS or max(pauses) > LONGEST_BEAT_S:
        return False
    return pstdev(pauses) < UNEVENNESS * fmean(pauses)
