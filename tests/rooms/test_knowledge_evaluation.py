"""The figures of `frontdesk eval`: right by hand, and as good as promised on real questions."""

import json
import os
from pathlib import Path

import asyncpg
import pytest

from app.kit.db import Database, asyncpg_url, libpq_arguments
from app.kit.embedded import EmbeddedDatabase
from app.knowledge.evaluate import Figures, evaluate
from app.knowledge.evaluation_set import EvaluationSetMissing

SETS = Path(
    os.environ.get("FRONTDESK_EVAL") or Path(__file__).resolve().parents[2].parent / "shared" / "eval"
)


def write_set(
    folder: Path, corpus: list[dict[str, object]], queries: list[dict[str, object]], qrels: str
) -> None:
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels.tsv").write_text(qrels)


def test_figures_by_hand() -> None:
    figures = Figures(documents=9, found=[([1, 7], 2), ([], 1)], seconds=[0.001] * 4)
    assert figures.recall(5) == pytest.approx(0.25)
    assert figures.recall(10) == pytest.approx(0.5)
    assert figures.reciprocal_rank() == pytest.approx(0.5)
    assert figures.gain() == pytest.approx((1 + 1 / 3) / (1 + 0.6309) / 2, abs=1e-3)
    assert figures.latency(95) == pytest.approx(1.0)


async def test_a_small_set(database: Database, cluster: EmbeddedDatabase, tmp_path: Path) -> None:
    write_set(
        tmp_path,
        [
            {"id": "tea", "title": "Tea", "text": "Pour hot water over the leaves and wait three minutes."},
            {"id": "coffee", "title": "Coffee", "text": "Grind the beans and pour water over them slowly."},
        ],
        [
            {"id": "1", "text": "How long do the leaves need?", "answerable": True},
            {
                "id": "2",
                "text": "and after that?",
                "history": [
                    {"role": "user", "text": "How do I grind beans?"},
                    {"role": "assistant", "text": "Tea!"},
                ],
            },
            {"id": "3", "text": "Who won the match on Sunday?", "answerable": False},
        ],
        "1\ttea\t1\n2\tcoffee\t1\n",
    )
    seen: list[tuple[str, int, int]] = []
    figures = await evaluate(database, tmp_path, progress=lambda *step: seen.append(step))
    assert figures["recall@1"] == 1
    assert figures["unanswerable_refused"] == 1
    assert (figures["queries"], figures["documents"]) == (2, 2)
    assert {step for step, _, _ in seen} == {"indexing", "searching"}
    everything = asyncpg_url(cluster.admin_url).set(database=database.url.database)
    admin = await asyncpg.connect(**libpq_arguments(everything))
    assert await admin.fetchval("SELECT count(*) FROM organisation WHERE slug LIKE 'eval-%'") == 0
    await admin.close()


async def test_corpora_of_a_set_do_not_see_one_another(database: Database, tmp_path: Path) -> None:
    write_set(
        tmp_path,
        [{"id": f"{bot}:pay", "text": "Pay by card or invoice.", "bot": bot} for bot in ("a", "b")],
        [{"id": bot, "text": "Can I pay by card?", "bot": bot} for bot in ("a", "b")],
        "a\ta:pay\t1\nb\tb:pay\t1\n",
    )
    figures = await evaluate(database, tmp_path)
    assert figures["recall@1"] == 1
    corpora = figures["corpora"]
    assert isinstance(corpora, dict)
    assert set(corpora) == {"a", "b"}


async def test_a_folder_without_a_set_says_what_is_missing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(EvaluationSetMissing, match=r"queries\.jsonl"):
        await evaluate(database, tmp_path)


async def test_real_questions_are_answered_from_real_pages(database: Database) -> None:
    folder = SETS / "mtrag_govt"
    if not folder.is_dir():
        pytest.skip(f"The evaluation data is not there ({folder}); set FRONTDESK_EVAL to its folder.")
    figures = await evaluate(database, folder)
    assert figures["recall@5"] >= 0.69  # type: ignore[operator]
    assert figures["recall@10"] >= 0.81  # type: ignore[operator]
