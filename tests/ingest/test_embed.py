"""Dense vectors from the wheel: near what means the same, without a network."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest import embed
from ingest.embed import static_embedder

OFFLINE = """
import socket, logging

class Refused(socket.socket):
    def connect(self, *_):
        raise AssertionError("something wants the network")

socket.socket = Refused
from ingest.embed import static_embedder
assert static_embedder().embed(["hello"]).shape == (1, 256)
assert not logging.getLogger().handlers, "a library configured our logging"
"""


def test_rows_have_length_one() -> None:
    rows = static_embedder().embed(["refund my order", "Grüße aus Köln", "東京タワー", ""])
    assert rows.shape == (4, 256)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 1, 0], atol=1e-5)


def test_no_text_gives_no_rows() -> None:
    assert static_embedder().embed([]).shape == (0, 256)


def test_what_means_the_same_is_near() -> None:
    asked, near, far = static_embedder().embed(
        ["give me my money back", "refund a payment", "a cat on a mat"]
    )
    assert asked @ near > asked @ far + 0.2


def test_words_count_as_much_as_they_are_given() -> None:
    embedder = static_embedder()
    refund, cat = embedder.embed(["refund", "cat"])
    mostly_refund = embedder.embed_words({"refund": 1.0, "cat": 0.1})
    assert mostly_refund @ refund > mostly_refund @ cat
    assert not embedder.embed_words({}).any()


def test_it_tells_words_from_letters() -> None:
    embedder = static_embedder()
    assert not embedder.spells(["how", "can", "I", "return", "a", "mattress"])
    assert not embedder.spells(["Wie", "kann", "ich", "eine", "Matratze", "zurückgeben"])
    assert embedder.spells(["كيف", "يمكنني", "إرجاع", "المرتبة"])
    assert embedder.spells(["Πώς", "μπορώ", "να", "επιστρέψω", "το", "στρώμα"])
    assert embedder.is_common("return")
    assert not embedder.is_common("retrun")


def test_words_in_use_are_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "MOST_WORDS", 20)
    embedder = embed.StaticEmbedder()
    first = embedder.embed(["refunds of cancelled orders"])
    cut: list[str] = []
    cutting = embedder._cut

    def watched(words: Sequence[str]) -> dict[str, tuple[int, ...]]:
        cut.extend(words)
        return cutting(words)

    monkeypatch.setattr(embedder, "_cut", watched)
    for number in range(100):
        again, _ = embedder.embed(["refunds of cancelled orders", f"other{number} words{number}"])
        np.testing.assert_array_equal(first[0], again)
    assert "refunds" not in cut
    assert len(cut) == 200


def test_it_needs_no_network_and_leaves_logging_alone() -> None:
    subprocess.run([sys.executable, "-c", OFFLINE], check=True, timeout=60)


@given(
    st.lists(
        st.text(st.sampled_from("ab é\tß\n .,'▁\u00a0\u3000กา東京🙂1"), max_size=60), min_size=1, max_size=3
    )
)
@example(["▁ 1", "1 ▁", "a ▁ b"])
def test_words_that_are_remembered_have_the_pieces_that_they_have_in_the_text(texts: list[str]) -> None:
    embedder = static_embedder()
    whole = embedder._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    for _ in range(2):
        assert list(embedder._encoded(texts)) == [one.ids for one in whole]


SIGNS = ("a", "ß", "東", " ", "▁", "<", "<s>", "</s>", "<unk>")


@given(st.sets(st.lists(st.sampled_from(SIGNS), min_size=1).map("".join)))
def test_words_cut_together_have_the_pieces_that_each_has_by_itself(words: set[str]) -> None:
    embedder = static_embedder()
    alone = {word: tuple(embedder._tokenizer.encode(word, add_special_tokens=False).ids) for word in words}
    assert embedder._cut(list(words)) == alone
