"""A model that recites its instructions is noticed within a few words; an answer is not taken for that."""

import pytest

from app.answering import prompt
from app.answering.leaks import Recital


@pytest.mark.parametrize("line", [line for line in prompt.RULES.splitlines() if len(line.split()) > 10])
def test_every_line_of_the_instructions_is_known_again(line: str) -> None:
    recital = Recital(prompt.RULES)
    assert any(recital.begins_with(word + " ") for word in line.upper().split())


def test_an_answer_is_no_recital() -> None:
    recital = Recital(prompt.RULES)
    said = "You are on the website of Northwind. Answer each question in the form, then pull its handle. " * 5
    assert not any(recital.begins_with(word + " ") for word in said.split())
