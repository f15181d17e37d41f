"""Knowledge written in the console: questions with an answer, and snippets. Each is a document, indexed as all are.

A change is the document's next version: the text before it answers until the new one is ready. What is switched off
or deleted is out of every search when the transaction is committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import scope
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.one_line import one_line
from app.knowledge.documents import MAX_NAME, create_document, delete_document, hide_document, replace
from app.knowledge.index_lock import lock_index
from app.knowledge.models import Document, DocumentVersion, Written
from app.knowledge.queries import newest_versions
from app.knowledge.reading import WrittenText

Kind = Literal["faq", "snippet"]

MOST_QUESTIONS = 50
QUESTION_CHARACTERS = 500
TEXT_CHARACTERS = 20_000
LANGUAGE_CODE = 2


class EntryUnknown(NotFound):
    """There is no such entry; it may have been deleted."""

    code = "entry_unknown"
    title = "Unknown entry"


class EntryIncomplete(Invalid):
    """An entry needs a question or title, and a text."""

    code = "entry_incomplete"
    title = "Something is missing"


class EntryKnown(Conflict):
    """There is an entry with this question or title already. Edit that one."""

    code = "entry_known"
    title = "Already there"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written, with the newest version of its document."""

    written: Written
    version: DocumentVersion
    searchable: bool

    @property
    def id(self) -> UUID:
        return self.written.document_id


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants written. `language` is ISO 639-1, None to have it told by the text.

    `questions` are an FAQ's variants, the first of which names it, or a snippet's title.
    """

    questions: Sequence[str]
    text: str
    language: str | None = None
    active: bool = True

    def checked(self, kind: Kind) -> "Draft":
        """Tidied. Raises EntryIncomplete."""
        questions = list(dict.fromkeys(filter(None, map(one_line, self.questions))))
        text = self.text.replace("\r\n", "\n").replace("\0", "").strip()
        _check(kind, questions, text)
        language = (self.language or "").strip().lower() or None
        if language and not (len(language) == LANGUAGE_CODE and language.isascii() and language.isalpha()):
            raise EntryIncomplete(f"{language} is no language: give its code of two letters, such as en.")
        return Draft(questions if kind == "faq" else questions[:1], text, language, self.active)

    def content(self) -> bytes:
        return WrittenText(tuple(self.questions), self.text, self.language).encoded()


def _check(kind: Kind, questions: Sequence[str], text: str) -> None:
    if not questions:
        raise EntryIncomplete(
            "Write at least one question." if kind == "faq" else "Give the snippet a title."
        )
    if not any(letter.isalnum() for letter in text):
        raise EntryIncomplete("Write the answer." if kind == "faq" else "Write the snippet's text.")
    if len(questions) > MOST_QUESTIONS:
        raise EntryIncomplete(f"An entry takes at most {MOST_QUESTIONS} questions.")
    if any(len(question) > QUESTION_CHARACTERS for question in questions):
        raise EntryIncomplete(f"A question or title has at most {QUESTION_CHARACTERS} characters.")
    if len(text) > TEXT_CHARACTERS:
        raise EntryIncomplete(
            f"A text has at most {TEXT_CHARACTERS} characters; upload longer ones as a file."
        )


async def write(session: AsyncSession, kind: Kind, draft: Draft, *, by: UUID | None) -> UUID:
    """A new entry. Raises EntryIncomplete, EntryKnown."""
    draft = draft.checked(kind)
    await lock_index(session)
    await _check_new(session, kind, draft.questions[0], None)
    document = await create_document(
        session, name=draft.questions[0][:MAX_NAME], content=draft.content(), added_by=by, source=kind
    )
    session.add(
        Written(
            document_id=document.id,
            org_id=scope(session),
            kind=kind,
            questions=list(draft.questions),
            text=draft.text,
            language=draft.language,
            active=draft.active,
            updated_by=by,
        )
    )
    await session.flush()
    if not draft.active:
        await hide_document(session, document.id)
    return document.id


async def rewrite(session: AsyncSession, entry_id: UUID, draft: Draft, *, by: UUID | None) -> None:
    """Raises EntryUnknown, EntryIncomplete, EntryKnown."""
    # Before the document's own lock, as publishing takes them.
    await lock_index(session)
    written = await _living(session, entry_id)
    kind: Kind = "faq" if written.kind == "faq" else "snippet"
    draft = draft.checked(kind)
    await _check_new(session, kind, draft.questions[0], entry_id)
    written.questions, written.text = list(draft.questions), draft.text
    written.language, written.active, written.updated_by = draft.language, draft.active, by
    await session.flush()
    document = await replace(session, entry_id, content=draft.content())
    document.name = draft.questions[0][:MAX_NAME]
    if not draft.active:
        await hide_document(session, entry_id)


async def switch(session: AsyncSession, entry_id: UUID, *, active: bool, by: UUID | None) -> None:
    """On or off. Raises EntryUnknown."""
    written = await _living(session, entry_id)
    draft = Draft(written.questions, written.text, written.language, active)
    await rewrite(session, entry_id, draft, by=by)


async def remove(session: AsyncSession, entry_id: UUID) -> None:
    """Raises EntryUnknown."""
    await _living(session, entry_id)
    await delete_document(session, entry_id)
    await session.execute(
        delete(Written).where(Written.org_id == scope(session), Written.document_id == entry_id)
    )


async def list_written(session: AsyncSession, kind: Kind | None = None) -> list[Entry]:
    """What was written, the newest entry first."""
    query = (
        select(Written, DocumentVersion, Document.current_version_id)
        .join(Document, Document.id == Written.document_id)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(Written.org_id == scope(session), Document.deleted_at.is_(None), newest_versions(session))
        .order_by(Document.id.desc())
    )
    if kind:
        query = query.where(Written.kind == kind)
    rows = await session.execute(query.execution_options(populate_existing=True))
    return [Entry(row[0], row[1], row[2] is not None) for row in rows]


async def _living(session: AsyncSession, entry_id: UUID) -> Written:
    query = (
        select(Written)
        .join(Document, Document.id == Written.document_id)
        .where(Written.org_id == scope(session), Written.document_id == entry_id)
        .where(Document.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    )
    written = (await session.scalars(query)).one_or_none()
    if written is None:
        raise EntryUnknown
    return written


async def _check_new(session: AsyncSession, kind: Kind, question: str, entry_id: UUID | None) -> None:
    known = await find_written(session, kind, question)
    if known is not None and known != entry_id:
        raise EntryKnown


async def find_written(session: AsyncSession, kind: Kind, question: str) -> UUID | None:
    """The entry that has this first question or title, whatever the case of its letters."""
    query = (
        select(Written.document_id)
        .join(Document, Document.id == Written.document_id)
        .where(Written.org_id == scope(session), Written.kind == kind, Document.deleted_at.is_(None))
        .where(func.lower(Written.questions[1]) == question.lower())
        .limit(1)
    )
    return await session.scalar(query)


async def take_in(session: AsyncSession, drafts: Sequence[Draft], *, by: UUID | None) -> int:
    """Adds questions and answers; what has a first question that is known already becomes that entry's next text.

    All of them or none: raises EntryIncomplete with the number of the one that cannot be used.
    """
    await lock_index(session)
    for number, draft in enumerate(drafts, 1):
        try:
            draft = draft.checked("faq")  # noqa: PLW2901 (the same, tidied)
        except EntryIncomplete as problem:
            raise EntryIncomplete(f"Entry {number}: {problem.detail}") from problem
        known = await find_written(session, "faq", draft.questions[0])
        if known is None:
            await write(session, "faq", draft, by=by)
        else:
            await rewrite(session, known, draft, by=by)
    return len(drafts)
