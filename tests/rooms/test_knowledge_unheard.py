"""Words of a question that no text has: what was meant is found all the same, and nothing that was not."""

from uuid import UUID

import pytest
from sqlalchemy import text

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.kit.ids import new_id
from app.knowledge.documents import delete_document
from app.knowledge.preparing import prepare
from app.knowledge.search import Query
from app.knowledge.unheard import ALIKE, LONGER, MOST_ASKED, one_apart
from tests.conftest import clone_database
from tests.rooms.knowledge_factories import FILLER, index_document
from tests.rooms.test_knowledge_plans import connected, plan_for_any

MATTRESS = (
    b"# Mattress\n\nYou can cancel the order of a mattress for a hundred nights. "
    b"The response is quick, the order 47110 firm, delivery free." + FILLER
)
GLACIER = (
    b"# Gletscher\n\nDer Gletscher schmilzt in jedem Sommer ein wenig. Sein Abfluss speist den Rhein, und von dort "
    b"gelangt das Wasser ins Meer. Im Winter ruht der Abfluss, weil es zu kalt ist."
)


async def read_as(database: Database, org_id: UUID, question: str) -> dict[str, tuple[str, ...]]:
    async with database.transaction(org_id) as session:
        asked, _ = await prepare(session, Query(question))
    return {word.text: word.instead for word in asked.said if word.instead}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cancle", "cancel"),  # two letters in turn
        ("cacel", "cancel"),  # one too few
        ("canccel", "cancel"),  # one too many
        ("cancal", "cancel"),  # another
        ("delivrey", "deliveri"),
        ("matress", "mattress"),
        ("mattresss", "mattress"),
        ("respond", "respons"),  # another form
    ],
)
async def test_a_mistyped_word_finds_the_one_meant(
    database: Database, org_id: UUID, typed: str, meant: str
) -> None:
    await index_document(database, org_id, "mattress.md", MATTRESS)
    assert await read_as(database, org_id, f"how can i {typed} it") == {typed: (meant,)}


async def test_a_compound_is_found_by_its_parts(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "gletscher.md", GLACIER)
    asked = await read_as(database, org_id, "Wohin gelangt der Gletscherabfluss?")
    assert asked == {"Gletscherabfluss": ("gletsch", "abfluss")}


@pytest.mark.parametrize(
    "question",
    [
        "how can i cancel a mattress",  # all of it is known
        "what is the 47111",  # a number is meant as it is written
        "where is the matter",  # a common word that differs by more than a letter
        "what does an inght cots",  # mistyped at the beginning, and too short
        "Warum ist der Himmel blau",
    ],
)
async def test_what_was_meant_as_it_was_written_is_left_alone(
    database: Database, org_id: UUID, question: str
) -> None:
    await index_document(database, org_id, "mattress.md", MATTRESS)
    assert await read_as(database, org_id, question) == {}


async def test_a_common_word_is_not_taken_for_mistyped(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "mouth.md", b"# Teeth\n\nOpen the mouth wide." + FILLER)
    assert await read_as(database, org_id, "what is it a month") == {}
    assert await read_as(database, org_id, "what is it a moutg") == {"moutg": ("mouth",)}


async def test_a_page_that_is_pasted_is_not_looked_up_word_by_word(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "mattress.md", MATTRESS)
    pasted = " ".join(f"mattress{chr(97 + at % 26)}{'x' * (at // 26)}" for at in range(40))
    assert MOST_ASKED / 2 < len(await read_as(database, org_id, pasted)) < 1.5 * MOST_ASKED


async def test_what_stands_in_counts_less_than_the_word_itself(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "mattress.md", MATTRESS)
    async with database.transaction(org_id) as session:
        right, _ = await prepare(session, Query("cancel"))
        wrong, statistics = await prepare(session, Query("cancle"))
    [(term, weight)] = right.terms.items()
    assert 0 < wrong.terms[term] < weight
    assert wrong.coverage(frozenset([term])) < 1
    assert statistics.frequency[term] == 1


async def test_words_go_with_the_last_text_that_has_them(database: Database, org_id: UUID) -> None:
    document = await index_document(database, org_id, "mattress.md", MATTRESS)
    await index_document(database, org_id, "other.md", b"# Other\n\nNothing of the kind." + FILLER)
    async with database.transaction(org_id) as session:
        await delete_document(session, document.id)
    assert await read_as(database, org_id, "how can i cancle it") == {}
    async with database.transaction(org_id) as session:
        left = """
            SELECT count(*) FROM corpus_word word WHERE NOT EXISTS (
                SELECT FROM corpus_term known WHERE known.org_id = word.org_id AND known.term = word.term
            )"""
        assert await session.scalar(text(left)) == 0
        assert await session.scalar(text("SELECT count(*) FROM corpus_word")) > 0


async def test_words_of_another_organisation_stand_in_for_nothing(
    database: Database, org_id: UUID, other_org_id: UUID
) -> None:
    await index_document(database, other_org_id, "mattress.md", MATTRESS)
    await index_document(database, org_id, "other.md", b"# Other\n\nNothing of the kind." + FILLER)
    assert await read_as(database, org_id, "how can i cancle it") == {}


async def test_words_that_begin_alike_are_found_by_an_index(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_alike_{worker_id}"
    await clone_database(cluster, name)
    async with connected(asyncpg_url(cluster.admin_url).set(database=name)) as connection:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(
                "INSERT INTO corpus_word (org_id, stem, term)"
                " SELECT $1, md5(at::text), at FROM generate_series(1, 9999) at",
                org_id := new_id(),
            )
        await connection.execute("ANALYZE corpus_word")
        async with connection.transaction():
            plan = await plan_for_any(connection, ALIKE, str(org_id), "{cancl}", "{ca}", str(LONGER))
    assert "corpus_word_pkey" in plan
    assert "stem >=" in plan.partition("Index Cond")[2].partition("Filter")[0]


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("refund", "refnud", True),
        ("refund", "refun", True),
        ("refund", "refunds", True),
        ("refund", "rafund", True),
        ("refund", "refund", False),
        ("refund", "rfeudn", False),
        ("refund", "fund", False),
        ("refund", "refits", False),
    ],
)
def test_words_are_one_apart_by_one_slip(one: str, other: str, are: bool) -> None:  # noqa: FBT001
    assert one_apart(one, other) is are
    assert one_apart(other, one) is are
