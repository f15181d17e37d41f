"""Who asks for a person is heard in every language, and who asks for none is not sent one."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.answering.phrases import PHRASES, moment
from app.answering.smalltalk import recognise

SAID: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("wishes.toml").read_text("utf-8")
)
WISHES = {language: said["wishes"] for language, said in SAID.items()}
OTHERS = {language: said["others"] for language, said in SAID.items()}


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in WISHES.items() for text in texts]
)
def test_the_wish_for_a_person_is_heard(language: str, text: str) -> None:
    found = recognise(text)
    assert found is not None
    assert (found.kind, found.language) == ("person", language)


@pytest.mark.parametrize("text", [text for texts in OTHERS.values() for text in texts])
def test_what_is_no_such_wish_is_not_taken_for_one(text: str) -> None:
    found = recognise(text)
    assert found is None or found.kind != "person"


def test_what_the_assistant_says_itself_it_says_in_every_language() -> None:
    for name, texts in PHRASES.items():
        assert set(texts) >= set(WISHES), name
        assert len({"{" in text for text in texts.values()}) == 1, "each has a place for what is told"
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert moment(monday, "de") == "Montag, 23.11.2026, 09:00 Uhr"
    assert moment(monday, "xx") == moment(monday, "en") == "Monday, 2026-11-23, 09:00"
    assert len({moment(monday, language) for language in WISHES}) == len(WISHES)
