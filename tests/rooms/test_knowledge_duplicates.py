"""Passages that say the same are shown once, with where else they stand."""

from uuid import UUID

from app.kit.db import Database
from app.knowledge.embedders import Models
from app.knowledge.search import Query, search
from app.knowledge.trial import try_question
from tests.rooms.knowledge_factories import index_document

# Prose, as documents share it: a word more or less changes little of it.
PROSE = (
    b" Send them back in their own box, with the slip that came along, from any post office in the country. The refund"
    b" goes to the card that paid, less what the outward journey cost, once our people in the warehouse have looked at"
    b" what arrived. Opened cosmetics, food and flowers stay with their buyer, as the law has it, unless it was spoilt"
    b" on its way. Gifts are exchanged for vouchers that hold three years and can be spent at every counter."
)
TERMS = b"# Terms\n\nParcels may be returned within thirty days of delivery." + PROSE
REWORDED = TERMS.replace(b"of delivery", b"after delivery")
OTHER_FIGURE = b"# Terms\n\nParcels may be returned within 90 days of delivery." + PROSE
FIGURE = b"# Terms\n\nParcels may be returned within 30 days of delivery." + PROSE


async def test_of_documents_that_say_the_same_one_is_shown_and_the_others_noted(
    database: Database, org_id: UUID
) -> None:
    for name, content in (("terms.md", TERMS), ("copy.md", b"Copy\n\n" + TERMS), ("reworded.md", REWORDED)):
        await index_document(database, org_id, name, content)
    async with database.transaction(org_id) as session:
        found = await search(session, Query("Within how many days may parcels be returned?"))
    shown = [passage for passage in found if "thirty days" in passage.text]
    assert len(shown) == 1
    names = {shown[0].document_name, *(one.document_name for one in shown[0].also)}
    assert names == {"terms.md", "copy.md", "reworded.md"}


async def test_a_figure_that_differs_makes_another_passage(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "old.md", FIGURE)
    await index_document(database, org_id, "new.md", OTHER_FIGURE)
    async with database.transaction(org_id) as session:
        found = await search(session, Query("Within how many days may parcels be returned?"))
    assert {passage.document_name for passage in found} == {"old.md", "new.md"}
    assert not any(passage.also for passage in found)


async def test_a_short_passage_is_the_same_under_another_title(database: Database, org_id: UUID) -> None:
    said = (
        "Parcels may be returned within thirty days: ask our people at any counter for a slip, and keep it."
    )
    titles = (
        "Customer handbook of the northern warehouse: deliveries, exchanges and vouchers",
        "Buying online, explained for newcomers: what happens once something arrived broken",
    )
    for name, title in zip(("handbook.html", "guide.html"), titles, strict=True):
        page = f"<!doctype html><html lang=en><title>{title}</title><main><p>{said}</p></main></html>"
        await index_document(database, org_id, name, page.encode())
    async with database.transaction(org_id) as session:
        found = await search(session, Query("Within how many days may parcels be returned?"))
    assert [len(passage.also) for passage in found] == [1]


async def test_a_trial_says_what_was_searched_and_whether_it_is_enough(
    database: Database, org_id: UUID
) -> None:
    await index_document(database, org_id, "terms.md", TERMS)
    asked, models = Query("Within how many days may parcels be returned?"), Models()
    trial = await try_question(database, models, org_id, asked)
    unknown = await try_question(database, models, org_id, Query("Who won the bicycle race in Lisbon?"))
    assert trial.enough
    assert not unknown.enough
    assert (trial.chunks, trial.compared, trial.languages) == (1, "every", ["en"])
    assert {word.text: word.chunks for word in trial.words}["parcels"] == 1
    assert {word.text: word.chunks for word in unknown.words}["bicycle"] == 0
