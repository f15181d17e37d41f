"""Questions for what something is."""

import pytest

from app.answering.definitions import defining


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What is Frontdesk?", "Frontdesk is the front desk of a website."),
        ("what's a webhook", "A webhook is a request that we send."),
        ("What are grey areas?", "Grey areas are parts of the map."),
        ("Was ist eine Rücksendung?", "Eine Rücksendung ist kostenlos."),
        ("Qu'est-ce que c'est que le forfait ?", "Le forfait est un abonnement."),
        ("¿Qué es el envío exprés?", "El envío exprés es gratuito."),
        ("What does APR mean?", "APR means annual percentage rate."),
    ],
)
def test_the_sentence_that_says_what_it_is_is_recognised(question: str, sentence: str) -> None:
    looks = defining(question)
    assert looks is not None
    assert looks.match(sentence)
    assert not looks.match(f"Ask us: {sentence}")


@pytest.mark.parametrize(
    "question", ["How do I start?", "Is it free?", "What is it that you do when you come, and why?"]
)
def test_other_questions_ask_for_no_definition(question: str) -> None:
    assert defining(question) is None
