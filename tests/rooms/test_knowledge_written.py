"""Questions with an answer, and snippets: found by every variant, changed in place, gone at once."""

import asyncio
from uuid import UUID

import pytest

from app.kit.db import Database
from app.knowledge import faq
from app.knowledge.documents import DocumentUnknown, put_document
from app.knowledge.indexing import index_version
from app.knowledge.queries import list_documents, waiting_versions
from app.knowledge.search import Passage, Query, search
from app.knowledge.written import (
    Draft,
    EntryIncomplete,
    EntryKnown,
    EntryUnknown,
    Kind,
    list_written,
    remove,
    rewrite,
    switch,
    write,
)
from tests.rooms.knowledge_factories import HANDBOOK, counts, index_document

PAYING = Draft(
    ("How can I pay?", "Which cards do you take?", "Do you accept PayPal?"),
    "By card, invoice or bank transfer.",
)
PARKING = Draft(("Parking",), "# Where\n\nVisitors park behind the mill.\n\n# When\n\nFrom eight to six.")


async def written(database: Database, org_id: UUID, kind: Kind, draft: Draft) -> UUID:
    """An entry, indexed as a worker does it."""
    async with database.transaction(org_id) as session:
        entry_id = await write(session, kind, draft, by=None)
    await index_waiting(database, org_id)
    return entry_id


async def index_waiting(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        waiting = await waiting_versions(session)
    for version_id in waiting:
        await index_version(database, org_id, version_id)


async def passages(database: Database, org_id: UUID, question: str) -> list[Passage]:
    async with database.transaction(org_id) as session:
        return await search(session, Query(question))


@pytest.mark.parametrize("question", PAYING.questions)
async def test_an_answer_is_found_once_by_each_variant(
    database: Database, org_id: UUID, question: str
) -> None:
    await index_document(database, org_id, "handbook.md", HANDBOOK)
    entry_id = await written(database, org_id, "faq", PAYING)
    found = await passages(database, org_id, question)
    best = found[0]
    assert (best.kind, best.document_id, best.question) == ("faq", entry_id, question)
    assert (best.text, best.title) == (PAYING.text, "How can I pay?")
    assert best.dense_rank == 1
    assert [passage.document_id for passage in found].count(entry_id) == 1


async def test_an_answer_is_found_by_its_own_words_too(database: Database, org_id: UUID) -> None:
    await written(database, org_id, "faq", PAYING)
    assert (await passages(database, org_id, "bank transfer invoice"))[0].text == PAYING.text


async def test_documents_are_not_taken_for_questions(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "handbook.md", HANDBOOK)
    best = (await passages(database, org_id, "How long is the warranty?"))[0]
    assert (best.kind, best.question) == ("upload", None)


async def test_a_snippet_is_read_as_a_document_is(database: Database, org_id: UUID) -> None:
    entry_id = await written(database, org_id, "snippet", PARKING)
    best = (await passages(database, org_id, "Where do visitors park?"))[0]
    assert (best.kind, best.document_id, best.title) == ("snippet", entry_id, "Parking")
    assert "behind the mill" in best.text


async def test_a_change_replaces_and_the_text_before_answers_until_then(
    database: Database, org_id: UUID
) -> None:
    entry_id = await written(database, org_id, "faq", PAYING)
    async with database.transaction(org_id) as session:
        await rewrite(session, entry_id, Draft(("How can I pay?",), "By card alone."), by=None)
    assert (await passages(database, org_id, "How can I pay?"))[0].text == PAYING.text
    await index_waiting(database, org_id)
    assert [it.text for it in await passages(database, org_id, "How can I pay?")] == ["By card alone."]
    async with database.transaction(org_id) as session:
        await counts(session)
        [entry] = await list_written(session)
        assert entry.written.questions == ["How can I pay?"]


async def test_off_is_out_of_search_at_once_and_on_brings_it_back(database: Database, org_id: UUID) -> None:
    entry_id = await written(database, org_id, "faq", PAYING)
    async with database.transaction(org_id) as session:
        await switch(session, entry_id, active=False, by=None)
    assert await passages(database, org_id, "How can I pay?") == []
    async with database.transaction(org_id) as session:
        assert (await counts(session))[0] == 0
        assert await faq.entry(session, entry_id) is None
        assert [it.id for it in await faq.entries(session, active=False)] == [entry_id]
        await switch(session, entry_id, active=True, by=None)
    await index_waiting(database, org_id)
    assert (await passages(database, org_id, "How can I pay?"))[0].document_id == entry_id


async def test_what_is_written_switched_off_is_never_searched(database: Database, org_id: UUID) -> None:
    off = Draft(PAYING.questions, PAYING.text, active=False)
    await written(database, org_id, "faq", off)
    assert await passages(database, org_id, "How can I pay?") == []


async def test_deleted_is_gone_at_once_also_while_it_is_indexed(database: Database, org_id: UUID) -> None:
    entry_id = await written(database, org_id, "faq", PAYING)
    async with database.transaction(org_id) as session:
        await rewrite(session, entry_id, Draft(("How can I pay?",), "By card alone."), by=None)
        waiting = await waiting_versions(session)
    async with database.transaction(org_id) as session:
        await remove(session, entry_id)
    await index_version(database, org_id, waiting[0])
    assert await passages(database, org_id, "How can I pay?") == []
    async with database.transaction(org_id) as session:
        assert await list_written(session) == []
        with pytest.raises(EntryUnknown):
            await remove(session, entry_id)
        with pytest.raises(EntryUnknown):
            await rewrite(session, entry_id, PAYING, by=None)


async def test_changes_at_the_same_time_end_in_one_text(database: Database, org_id: UUID) -> None:
    entry_id = await written(database, org_id, "faq", PAYING)

    async def change(number: int) -> None:
        async with database.transaction(org_id) as session:
            draft = Draft(("How can I pay?",), f"In {number} parts.", active=number % 3 > 0)
            await rewrite(session, entry_id, draft, by=None)
        await index_waiting(database, org_id)

    await asyncio.gather(*(change(number) for number in range(8)))
    await index_waiting(database, org_id)
    async with database.transaction(org_id) as session:
        [entry] = await list_written(session)
        shown = [it.text for it in await search(session, Query("How can I pay?"))]
        await counts(session)
    assert shown == ([entry.written.text] if entry.written.active else [])


async def test_entries_say_what_is_missing(database: Database, org_id: UUID) -> None:
    refused: list[tuple[Kind, Draft, str]] = [
        ("faq", Draft((" ",), "By card."), "at least one question"),
        ("faq", Draft(("How?",), " \n"), "Write the answer"),
        ("snippet", Draft((), "Text."), "title"),
        ("snippet", Draft(("Parking",), "!"), "snippet's text"),
        ("faq", Draft(("x" * 501,), "By card."), "at most 500 characters"),
        ("faq", Draft(tuple(f"{at}?" for at in range(51)), "By card."), "at most 50 questions"),
        ("faq", Draft(("How?",), "x" * 20_001), "upload longer ones"),
        ("faq", Draft(("How?",), "By card.", "english"), "two letters"),
    ]
    async with database.transaction(org_id) as session:
        for kind, draft, said in refused:
            with pytest.raises(EntryIncomplete, match=said):
                await write(session, kind, draft, by=None)
        await write(session, "faq", PAYING, by=None)
        with pytest.raises(EntryKnown):
            await write(session, "faq", Draft(("HOW can I pay?",), "Other."), by=None)
        second = await write(session, "faq", Draft(("Why?",), "Other."), by=None)
        with pytest.raises(EntryKnown):
            await rewrite(session, second, PAYING, by=None)


async def test_a_file_of_the_same_name_does_not_replace_an_entry(database: Database, org_id: UUID) -> None:
    entry_id = await written(database, org_id, "snippet", PARKING)
    async with database.transaction(org_id) as session:
        document = await put_document(session, name="Parking", content=HANDBOOK, added_by=None)
        assert document.id != entry_id
        assert [listed.document.id for listed in await list_documents(session)] == [document.id]


async def test_a_question_reads_on_one_line_as_it_was_written(database: Database, org_id: UUID) -> None:
    sly = Draft(("How\u202e can\n I pay?", "How can I pay?"), "By card.")
    async with database.transaction(org_id) as session:
        await write(session, "faq", sly, by=None)
        [entry] = await faq.entries(session)
    assert entry.questions == ("How can I pay?",)


async def test_entries_of_others_do_not_exist(database: Database, org_id: UUID, other_org_id: UUID) -> None:
    entry_id = await written(database, org_id, "faq", PAYING)
    async with database.transaction(other_org_id) as session:
        assert await faq.entries(session) == []
        assert await faq.entry(session, entry_id) is None
        for attempt in (remove(session, entry_id), switch(session, entry_id, active=False, by=None)):
            with pytest.raises((EntryUnknown, DocumentUnknown)):
                await attempt
