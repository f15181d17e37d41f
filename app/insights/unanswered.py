"""What visitors asked in vain: the questions that were declined, went to people, or got an answer that was no help.

Those that ask the same are shown as one. A group leaves the list once an answer to it was written in the console, and
comes back when it is asked in vain after that.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering import smalltalk
from app.answering.models import Answer
from app.conversations.models import Message
from app.handoff.models import Handoff
from app.kit.clock import now
from app.kit.db import scope
from app.knowledge.faq import asked_and_written
from ingest.embed import static_embedder
from ingest.lexical import guess_language, stems

Kind = Literal["declined", "handed_off", "unhelpful"]

DAYS = 90
# The latest so many are looked at.
MOST = 2_000
SHOWN = 100
VARIANTS = 5
# Two questions ask the same where they mean about the same, or where most of their words are the same.
LIKENESS, LEAST_LIKENESS = 0.8, 0.4
SHARED = 0.6


@dataclass(frozen=True)
class Missed:
    """One question that was asked in vain. `message_id` is the answer's, where there was one."""

    question: str
    at: datetime
    conversation_id: UUID
    kind: Kind
    message_id: UUID | None = None


@dataclass
class Group:
    """Questions that ask the same, the newest first."""

    missed: list[Missed] = field(default_factory=list)

    @property
    def latest(self) -> Missed:
        return self.missed[0]

    @property
    def times(self) -> int:
        """In how many conversations."""
        return len({missed.conversation_id for missed in self.missed})

    @property
    def kinds(self) -> Mapping[str, int]:
        return Counter(missed.kind for missed in self.missed)

    @property
    def variants(self) -> list[str]:
        """The ways in which it was asked."""
        return list(dict.fromkeys(missed.question for missed in self.missed))[:VARIANTS]

    @property
    def why(self) -> UUID | None:
        """The latest answer, whose reasons can be read."""
        return next((missed.message_id for missed in self.missed if missed.message_id), None)


async def unanswered(session: AsyncSession, *, days: int = DAYS) -> list[Group]:
    """The groups, the one that was asked last first."""
    since = now() - timedelta(days=days)
    missed = [*await _declined_or_unhelpful(session, since), *await _handed_off(session, since)]
    missed.sort(key=lambda one: one.at, reverse=True)
    written = await asked_and_written(session)
    return await asyncio.to_thread(_grouped, missed[:MOST], written)


async def _declined_or_unhelpful(session: AsyncSession, since: datetime) -> list[Missed]:
    down = Message.feedback == "down"
    query = (
        select(Answer.question, Answer.created_at, Answer.conversation_id, Answer.message_id, down)
        .join(Message, Message.id == Answer.message_id)
        .where(Answer.org_id == scope(session), Answer.created_at >= since)
        .where((Answer.outcome == "unknown") | down)
        .order_by(Answer.created_at.desc())
        .limit(MOST)
    )
    rows = await session.execute(query)
    return [Missed(row[0], row[1], row[2], "unhelpful" if row[4] else "declined", row[3]) for row in rows]


async def _handed_off(session: AsyncSession, since: datetime) -> list[Missed]:
    """What was asked last before people were wanted, other than for them."""
    query = (
        select(Handoff.brief, Handoff.created_at, Handoff.conversation_id)
        .where(Handoff.org_id == scope(session), Handoff.created_at >= since)
        .order_by(Handoff.created_at.desc())
        .limit(MOST)
    )
    found = []
    for brief, at, conversation_id in await session.execute(query):
        asked = [text for text in brief.get("asked", ()) if smalltalk.recognise(text) is None]
        if asked:
            found.append(Missed(asked[-1], at, conversation_id, "handed_off"))
    return found


def _grouped(missed: Sequence[Missed], written: Sequence[tuple[str, datetime]]) -> list[Group]:
    """`written` are questions that have an answer by now, and since when."""
    if not missed:
        return []
    texts = _Texts([*(one.question for one in missed), *(question for question, _ in written)])
    groups: dict[int, Group] = {}
    for number, one in enumerate(missed):
        first = texts.like(number, list(groups))
        groups.setdefault(number if first is None else first, Group()).missed.append(one)
    answered = list(range(len(missed), len(missed) + len(written)))

    def is_open(first: int, group: Group) -> bool:
        since = [written[place - len(missed)][1] for place in texts.all_like(first, answered)]
        return not since or group.latest.at > max(since)

    return [group for first, group in groups.items() if is_open(first, group)][:SHOWN]


class _Texts:
    """Which of these texts, by their numbers, ask the same."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vectors = static_embedder().embed(texts)
        self._words = [frozenset(stems(text, guess_language(text))) for text in texts]

    def like(self, number: int, others: Sequence[int]) -> int | None:
        """The first of the others that asks the same as this one."""
        return next(iter(self.all_like(number, others)), None)

    def all_like(self, number: int, others: Sequence[int]) -> list[int]:
        if not others:
            return []
        likeness = self._vectors[list(others)] @ self._vectors[number]
        return [
            other
            for other, cosine in zip(others, likeness.tolist(), strict=True)
            if cosine >= LIKENESS or (cosine >= LEAST_LIKENESS and self._share_words(number, other))
        ]

    def _share_words(self, one: int, other: int) -> bool:
        first, second = self._words[one], self._words[other]
        return len(first & second) >= SHARED * len(first | second)
