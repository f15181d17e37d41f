"""Search: the right passage first, in the organisation's own texts, in many languages and with the turns before."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database, driver_connection
from app.knowledge.evidence import evidence
from app.knowledge.preparing import prepare
from app.knowledge.search import SEARCH, Passage, Query, _parameters, search
from tests.rooms.knowledge_factories import index_document

# Sections as long as chunks, so that each becomes one.
FILLER = "\n\nFurther remarks stand here, and there are many of them to read." * 18
SECTIONS = {
    "About": "General remarks about this product and its makers.",
    "Installing": "Put the script tag before the closing body tag of your page.",
    "Notifications": "Desktop notifications are shown when a visitor writes. Turn them off under Settings.",
    "Billing": "Invoices are sent on the first day of each month. A refund takes up to ten days. "
    "Error code FD-4711 means that a card was declined.",
    "Languages": "The widget speaks English, German and Turkish.",
}
MANUAL = "# Widget manual\n\n" + "\n\n".join(
    f"## {name}\n\n{text}{FILLER}" for name, text in SECTIONS.items()
)


async def first(session: AsyncSession, question: str, *history: str) -> Passage:
    return (await search(session, Query(question, history)))[0]


@pytest.fixture
async def manual(database: Database, org_id: UUID) -> UUID:
    document = await index_document(
        database, org_id, "manual.md", MANUAL.encode(), url="https://northwind.example/manual"
    )
    return document.id


async def test_the_passage_that_answers_comes_first(database: Database, org_id: UUID, manual: UUID) -> None:
    async with database.transaction(org_id) as session:
        passages = await search(session, Query("When do I get my refunds?"))
    best = passages[0]
    assert best.document_id == manual
    assert best.url == "https://northwind.example/manual"
    assert best.headings == ("Widget manual", "Billing")
    assert best.text in MANUAL
    assert best.lexical_rank == 1
    assert 0 < best.coverage <= 1
    assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)


async def test_one_rare_word_is_enough(database: Database, org_id: UUID, manual: UUID) -> None:
    async with database.transaction(org_id) as session:
        assert (await first(session, "what does fd-4711 mean??")).headings[-1] == "Billing"


async def test_what_shares_no_word_is_found_by_meaning(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "1.txt", b"A refund of your payment takes ten days.\n")
    await index_document(database, org_id, "2.txt", b"The cat sleeps on a red mat all afternoon.\n")
    async with database.transaction(org_id) as session:
        best = await first(session, "reimbursement of money paid")
    assert (best.document_name, best.dense_rank, best.lexical) == ("1.txt", 1, 0)


async def test_headings_count(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "a.md", b"# Kettle\n\nPress the button twice to stop it.\n")
    await index_document(
        database, org_id, "b.md", b"# Toaster\n\nPress the button twice to stop it, please.\n"
    )
    async with database.transaction(org_id) as session:
        assert (await first(session, "stop the toaster")).headings == ("Toaster",)
        assert (await first(session, "stop the kettle")).headings == ("Kettle",)


async def test_the_name_of_a_file_counts(database: Database, org_id: UUID) -> None:
    for number, name in enumerate(["kitchen › electric-kettle.md", "kitchen › hand_mixer.md", "scan.md"]):
        text = f"# Guide {number}\n\nPress the button {number + 2} times to stop it.\n"
        await index_document(database, org_id, name, text.encode())
    async with database.transaction(org_id) as session:
        for asked in ("kettle", "mixer"):
            best = await first(session, f"How do I stop the {asked} of the kitchen?")
            assert asked in best.document_name


async def test_words_are_found_in_languages_that_came_later(database: Database, org_id: UUID) -> None:
    await index_document(database, org_id, "en.txt", b"Invoices are sent on the first day of each month.\n")
    async with database.transaction(org_id) as session:
        assert await search(session, Query("Zahlungen?"))
    await index_document(database, org_id, "de.txt", b"Die Zahlung wird von uns monatlich erwartet.\n")
    async with database.transaction(org_id) as session:
        best = await first(session, "Zahlungen?")
    assert best.document_name == "de.txt"
    assert best.lexical > 0


async def test_a_follow_up_is_searched_with_its_history(
    database: Database, org_id: UUID, manual: UUID
) -> None:
    async with database.transaction(org_id) as session:
        followed = await first(session, "and how do I turn that off?", "Do you have desktop notifications?")
        assert followed.headings[-1] == "Notifications"
        # What is asked now weighs more than what was asked before.
        moved_on = await first(session, "how long does a refund take?", "Do you have desktop notifications?")
        assert moved_on.headings[-1] == "Billing"


async def test_a_follow_up_means_what_was_just_written(database: Database, org_id: UUID) -> None:
    """What was only quoted says nothing besides the passage that it is from, which would be found again for it."""
    await index_document(database, org_id, "refunds.txt", b"Refunds of money take up to five working days.\n")
    await index_document(database, org_id, "trips.txt", b"Trips by train take up to five working days.\n")
    history = ("Tell me more.",)
    async with database.transaction(org_id) as session:
        for answered, name in (
            ("A refund of the money goes to your card.", "refunds.txt"),
            ("We travel by train through the mountains.", "trips.txt"),
        ):
            found = await search(session, Query("How long does that take?", history, answered, written=True))
            assert found[0].document_name == name
            quoted = await search(session, Query("How long does that take?", history, answered))
            assert quoted == await search(session, Query("How long does that take?", history))


@pytest.mark.parametrize(
    ("text", "other", "question"),
    [
        (
            "Die Rechnungen werden monatlich verschickt.",
            "Unsere Häuser sind gelb.",
            "Wann kommt meine Rechnung?",
        ),
        ("Les factures sont envoyées chaque mois.", "Nos maisons sont jaunes.", "Quand arrive ma facture ?"),
        ("Счета отправляются каждый месяц.", "Наши дома жёлтые.", "Когда придёт счёт?"),
        ("चालान हर महीने भेजे जाते हैं।", "हमारे घर पीले हैं।", "मेरा चालान कब आएगा?"),
        ("ใบแจ้งหนี้จะถูกส่งทุกเดือน", "บ้านของเราเป็นสีเหลือง", "ใบแจ้งหนี้มาเมื่อไหร่"),
        ("发票每月发送一次。", "我们的房子是黄色的。", "发票什么时候到？"),
        ("請求書は毎月送られます。", "私たちの家は黄色です。", "請求書はいつ届きますか"),
        ("청구서는 매달 발송됩니다.", "우리 집은 노란색입니다.", "청구서는 언제 오나요?"),
        ("تُرسل الفواتير كل شهر.", "بيوتنا صفراء.", "متى تصل الفواتير؟"),
        (
            "Τα τιμολόγια αποστέλλονται κάθε μήνα.",
            "Τα σπίτια μας είναι κίτρινα.",
            "Πότε έρχεται το τιμολόγιο;",
        ),
        ("Faturalar her ay gönderilir.", "Evlerimiz sarıdır.", "Faturam ne zaman gelir?"),
    ],
)
async def test_languages(database: Database, org_id: UUID, text: str, other: str, question: str) -> None:
    await index_document(database, org_id, "right.txt", (text + "\n").encode() * 3)
    await index_document(database, org_id, "wrong.txt", (other + "\n").encode() * 3)
    async with database.transaction(org_id) as session:
        best = await first(session, question)
        assert best.document_name == "right.txt"


async def test_languages_in_one_organisation(database: Database, org_id: UUID) -> None:
    german = "Die Rücksendungen sind kostenlos. Wir holen die Pakete bei den Kunden ab.\n"
    english = "Returning parcels is free of charge. We collect them at your door.\n"
    await index_document(database, org_id, "de.txt", german.encode() * 3)
    await index_document(database, org_id, "en.txt", english.encode() * 3)
    async with database.transaction(org_id) as session:
        assert (await first(session, "Was kostet eine Rücksendung?")).document_name == "de.txt"
        assert (await first(session, "What do returns of a parcel cost?")).document_name == "en.txt"


async def test_nothing_known_finds_nothing(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        assert await search(session, Query("anything at all")) == []


@pytest.mark.parametrize("question", ["", "   ", "?!", "🙂", "how can I", "a" * 5000, "\x00"])
async def test_questions_without_content_do_no_harm(
    database: Database, org_id: UUID, manual: UUID, question: str
) -> None:
    async with database.transaction(org_id) as session:
        passages = await search(session, Query(question))
        assert all(0 <= passage.score <= 1 for passage in passages)
        assert not evidence(Query(question), passages).enough


async def test_evidence_tells_what_the_texts_answer(database: Database, org_id: UUID, manual: UUID) -> None:
    async with database.transaction(org_id) as session:
        for question, known in (
            ("How long does a refund take?", True),
            ("Which languages does the widget speak?", True),
            ("turn off desktop notifications", True),
            ("What is the capital of France?", False),
            ("Do you sell bicycles for children in Lisbon?", False),
        ):
            query = Query(question)
            assert evidence(query, await search(session, query)).enough is known, question
        assert evidence(Query("refund"), []).value == 0


async def test_the_scan_reads_one_organisation_alone(
    database: Database, org_id: UUID, other_org_id: UUID, manual: UUID
) -> None:
    """Look-ups by id stay look-ups, however wrong the planner's idea of the tables is."""
    await index_document(database, other_org_id, "manual.md", MANUAL.encode())
    async with database.transaction(org_id) as session:
        connection = await driver_connection(session)
        question, _ = await prepare(session, Query("refund"))
        await connection.execute("SET LOCAL enable_seqscan = off")
        rows = await connection.fetch("EXPLAIN (COSTS OFF) " + SEARCH, org_id, *_parameters(question, 10))
        found = await search(session, Query("refund"), limit=100)
    plan = "\n".join(row[0] for row in rows)
    assert {passage.document_id for passage in found} == {manual}
    assert "Seq Scan" not in plan
    for index in ("chunk_vector_pkey", "chunk_pairs_pkey", "chunk_pkey"):
        assert index in plan


async def test_a_follow_up_is_judged_by_what_was_said_before(
    database: Database, org_id: UUID, manual: UUID
) -> None:
    before = ("How long does a refund take?",)
    async with database.transaction(org_id) as session:
        asked = Query("Is it free of charge?", before, "A refund takes five days.")
        found = await search(session, asked)
        follow_up, first = evidence(asked, found), evidence(Query("Is it free of charge?"), found)
        assert follow_up.features["confirms"] == 1
        assert first.features["confirms"] == 0
        away = Query(asked.text, before, "The chess world championship of 1972 was in Reykjavik.")
        assert evidence(away, found).value < follow_up.value


@pytest.mark.parametrize(
    ("text", "question", "kind"),
    [
        ("The shop is open on Sundays, too.", "Is the shop open on Sundays?", "english"),
        ("Das Geschäft ist auch am Sonntag für Sie geöffnet.", "Ist das Geschäft am Sonntag auf?", "words"),
        ("商店在星期天也开门营业。", "商店星期天开门吗？", "runs"),
        ("ร้านค้าเปิดทุกวันอาทิตย์ด้วย", "ร้านค้าเปิดวันอาทิตย์ไหม", "runs"),
        ("Cửa hàng cũng mở cửa vào ngày chủ nhật.", "Cửa hàng có mở cửa vào chủ nhật không?", "runs"),
    ],
)
async def test_each_kind_of_language_is_judged_in_its_own_way(
    database: Database, org_id: UUID, text: str, question: str, kind: str
) -> None:
    await index_document(database, org_id, "shop.txt", text.encode())
    async with database.transaction(org_id) as session:
        found = evidence(Query(question), await search(session, Query(question)))
    assert (found.kind, found.enough) == (kind, True)


@pytest.mark.parametrize(
    ("text", "question", "follow_up", "other"),
    [
        ("商店在星期天也开门营业。", "商店星期天开门吗？", "几点？", "商店有免费停车场吗？"),
        ("ร้านค้าเปิดทุกวันอาทิตย์ด้วย", "ร้านค้าเปิดวันอาทิตย์ไหม", "กี่โมง", "ร้านค้ามีที่จอดรถฟรีไหม"),
        (
            "Cửa hàng cũng mở cửa vào ngày chủ nhật.",
            "Cửa hàng có mở cửa vào chủ nhật không?",
            "Mấy giờ?",
            "Cửa hàng có chỗ đậu xe miễn phí không?",
        ),
    ],
)
async def test_what_is_not_known_is_told_where_words_are_not_parted(
    database: Database, org_id: UUID, text: str, question: str, follow_up: str, other: str
) -> None:
    await index_document(database, org_id, "shop.txt", text.encode())
    async with database.transaction(org_id) as session:
        on_and_off = [Query(question), Query(follow_up, (question,)), Query(other)]
        found = [evidence(asked, await search(session, asked)).enough for asked in on_and_off]
    assert found == [True, True, False]
