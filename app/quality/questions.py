"""Golden questions: what the assistant must get right, kept by those who know the right answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.one_line import one_line
from app.quality.models import GoldenQuestion

MOST = 500
QUESTION_CHARACTERS = 500
SAID_CHARACTERS = 200
MOST_SAID = 20


class QuestionUnknown(NotFound):
    """There is no such golden question; it may have been deleted."""

    code = "golden_question_unknown"
    title = "Unknown question"


class QuestionKnown(Conflict):
    """This question is in the list already. Edit that one."""

    code = "golden_question_known"
    title = "Already there"


class QuestionUnfit(Invalid):
    """A golden question needs a question, and something that tells a right answer from a wrong one."""

    code = "golden_question_unfit"
    title = "Something is missing"


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants asked. See GoldenQuestion."""

    question: str
    source: str = ""
    must_say: Sequence[str] = ()
    must_not_say: Sequence[str] = ()
    declined: bool = False

    def checked(self) -> "Draft":
        """Tidied. Raises QuestionUnfit."""
        tidy = Draft(
            one_line(self.question),
            one_line(self.source),
            _lines(self.must_say),
            _lines(self.must_not_say),
            self.declined,
        )
        if not any(letter.isalnum() for letter in tidy.question):
            raise QuestionUnfit("Write the question.")
        if len(tidy.question) > QUESTION_CHARACTERS or len(tidy.source) > QUESTION_CHARACTERS:
            raise QuestionUnfit(f"A question, and a source, have at most {QUESTION_CHARACTERS} characters.")
        _check_said([*tidy.must_say, *tidy.must_not_say])
        if tidy.declined and (tidy.source or tidy.must_say):
            raise QuestionUnfit("What should be declined has no source, and nothing that must be said.")
        return tidy


def _lines(said: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(one_line, said))))


def _check_said(said: Sequence[str]) -> None:
    if len(said) > MOST_SAID:
        raise QuestionUnfit(f"A question takes at most {MOST_SAID} phrases to look for.")
    if any(len(phrase) > SAID_CHARACTERS for phrase in said):
        raise QuestionUnfit(f"A phrase to look for has at most {SAID_CHARACTERS} characters.")


async def questions(session: AsyncSession) -> Sequence[GoldenQuestion]:
    """All of them, the oldest first."""
    query = select(GoldenQuestion).where(GoldenQuestion.org_id == scope(session)).order_by(GoldenQuestion.id)
    return (await session.scalars(query)).all()


async def count(session: AsyncSession) -> int:
    query = select(func.count()).where(GoldenQuestion.org_id == scope(session))
    return await session.scalar(query) or 0


async def add(session: AsyncSession, draft: Draft) -> UUID:
    """Raises QuestionUnfit, QuestionKnown."""
    draft = draft.checked()
    _check_room(await count(session))
    question = GoldenQuestion(org_id=scope(session))
    await _store(session, question, draft)
    return question.id


async def change(session: AsyncSession, question_id: UUID, draft: Draft) -> None:
    """Raises QuestionUnknown, QuestionUnfit, QuestionKnown."""
    mine = (GoldenQuestion.org_id == scope(session)) & (GoldenQuestion.id == question_id)
    question = await session.scalar(select(GoldenQuestion).where(mine).with_for_update())
    if question is None:
        raise QuestionUnknown
    await _store(session, question, draft.checked())


async def _store(session: AsyncSession, question: GoldenQuestion, draft: Draft) -> None:
    """The database keeps questions unique: of two who write the same at once, one is told."""
    try:
        async with session.begin_nested():
            _fill(question, draft)
            session.add(question)
    except IntegrityError:
        raise QuestionKnown from None


def _fill(question: GoldenQuestion, draft: Draft) -> None:
    question.question, question.source = draft.question, draft.source or None
    question.must_say, question.must_not_say = list(draft.must_say), list(draft.must_not_say)
    question.declined = draft.declined


async def remove(session: AsyncSession, question_id: UUID) -> None:
    """Its results stay. Raises QuestionUnknown."""
    mine = (GoldenQuestion.org_id == scope(session)) & (GoldenQuestion.id == question_id)
    gone = delete(GoldenQuestion).where(mine).returning(GoldenQuestion.id)
    if await session.scalar(gone) is None:
        raise QuestionUnknown


async def take_in(session: AsyncSession, drafts: Sequence[Draft]) -> int:
    """Adds questions; one that is there already is changed. All of them or none: raises QuestionUnfit with the number
    of the one that cannot be used.
    """
    known = {_key(question.question): question for question in await questions(session)}
    for number, draft in enumerate(drafts, 1):
        try:
            tidy = draft.checked()
            question = known.setdefault(_key(tidy.question), GoldenQuestion(org_id=scope(session)))
            _fill(question, tidy)
            _check_room(len(known) - 1)
        except QuestionUnfit as problem:
            raise QuestionUnfit(f"Question {number}: {problem.detail}") from problem
    session.add_all(known.values())
    await session.flush()
    return len(drafts)


def _key(question: str) -> str:
    """Questions that differ in the case of letters alone are one, as the database has it."""
    return question.lower()


def _check_room(number: int) -> None:
    if number >= MOST:
        raise QuestionUnfit(f"There are {MOST} golden questions already. Delete one that says little.")
