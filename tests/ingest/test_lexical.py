"""Terms of a text, and how they weigh."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lexical import (
    DIMENSIONS,
    K1,
    guess_language,
    lexical,
    number,
    pairs_of,
    settle_language,
    stems,
    words,
)
from ingest.stopwords import STOPWORDS


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("How do I reset my passwords?", "en", ["reset", "password"]),
        ("Don’t re-use user_id FD-4711!", "en", ["use", "user", "id", "fd", "4711"]),
        ("Die Häuser und das Haus", "de", ["haus", "haus"]),
        ("हिन्दी की किताबें", "hi", ["हिन्द", "किताब"]),
        ("北京大学 iPhone手机", "zh", ["北京", "京大", "大学", "iphone", "手机"]),
        ("水", "ja", ["水"]),
        ("청구서", "ko", ["청구", "구서"]),
        ("ทดสอบ", "th", ["ทด", "ดส", "สอ", "อบ"]),
        ("İstanbul ISTANBUL", "tr", ["istanbul", "istanbul"]),
        ("ﬁne Ｆｕｌｌ", None, ["fine", "full"]),
        ("größer als 5 kg", "xx", ["größer", "als", "5", "kg"]),
        ("?! … 🙂", "en", []),
    ],
)
def test_stems(text: str, language: str | None, expected: list[str]) -> None:
    assert stems(text, language) == expected


def test_marks_stay_with_their_letters() -> None:
    assert words("विद्यालय में छात्रों") == ["विद्यालय", "में", "छात्रों"]


def test_a_word_said_more_often_weighs_more_but_never_without_limit() -> None:
    once, often = lexical("refund order", "en"), lexical("refund " * 500 + "order", "en")
    assert once.terms[number("refund")] < K1 + 1
    assert once.terms[number("refund")] < often.terms[number("refund")] < K1 + 1
    assert often.terms[number("order")] < once.terms[number("order")], "in a long text, one mention says less"


def test_headings_count_as_text_and_pairs_stand_within_the_text() -> None:
    found = lexical("refund order", "en", headings=("Billing",))
    assert set(found.terms) == {number("refund"), number("order"), number("bill")}
    assert set(found.pairs) == {number("refund order")}
    assert pairs_of(["a"]) == []


@given(st.text(max_size=200), st.sampled_from(["en", "de", "zh", "ar", None]))
def test_any_text_gives_numbers_that_the_database_takes(text: str, language: str | None) -> None:
    found = lexical(text, language)
    for vector in (found.terms, found.pairs):
        assert all(0 <= term < DIMENSIONS and 0 < weight < K1 + 1 for term, weight in vector.items())


def test_threads_may_stem_at_once() -> None:
    text = "Running runners ran running races " * 200
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: stems(text, "en"), range(32)))
    assert all(result == results[0] for result in results)


def test_stop_words_are_lists_of_single_words() -> None:
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "ru", "ar", "hi"} <= set(STOPWORDS)
    assert all(words(word) == [word] for language in STOPWORDS.values() for word in language)


def test_a_name_that_is_repeated_makes_no_language() -> None:
    """It was stemmed as Spanish, and its own words were not found."""
    text = (
        "Los Angeles are opt echipe sportive. Los Angeles Rams și Los Angeles Clippers joacă în Los Angeles."
    )
    assert guess_language(text) == "es"
    assert settle_language(text, "ro") == "ro"


def test_small_words_correct_a_detector_that_was_misled() -> None:
    text = "The order of the parts is this: what you see on the left is for the first of them, and so on."
    assert settle_language(text, "fr") == "en"
    assert settle_language("Der Preis der Ware ist der Preis, den wir zuletzt nannten.", None) == "de"
    assert settle_language("東京タワー", "ja") == "ja"
