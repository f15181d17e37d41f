"""Statements of a model's answer that no passage supports are marked, whichever way the answer is cut into deltas."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.answering import prompt
from app.answering.phrases import phrase
from app.answering.steps import Done, Why
from app.answering.support import Statements, stands
from app.answering.turn import Context, Desk, answer
from app.conversations.asked import Turn
from tests.model_server import ModelServer

RETURNS = (
    "You can return a parasol within 30 days of delivery. The refund arrives five days after we receive it."
)
DOUBT = phrase("unsupported", "en")


@pytest.mark.parametrize(
    "statement",
    [
        "A parasol can be returned within 30 days [1].",
        "You'll get your refund five days after we received the parasol.",
        "10. Return the parasol within 30 days of delivery [1].",
        "You're welcome!",
        "Here is how a parasol is returned to the shop in Lisbon:",
        "Möchten Sie den Sonnenschirm in Lissabon zurückgeben, dann gilt die Frist.",
        "If you need more help, please contact our customer support team.",
        "The documents do not say whether the parasol can be repaired in our workshop.",
        "Unfortunately, I have no information about gift cards, vouchers or payment by invoice.",
    ],
)
def test_what_stands_or_cannot_be_told_is_left_alone(statement: str) -> None:
    assert stands(statement, [RETURNS])


@pytest.mark.parametrize(
    "statement",
    [
        "The president of France lives in the Elysée palace in Paris.",
        "Our hammocks were awarded a design prize by the museum of Milan [1].",
        "A parasol can be returned within 60 days of delivery [1].",
        "Der Sonnenschirm kann innerhalb von 60 Tagen zurückgegeben werden.",
    ],
)
def test_what_no_passage_says_does_not_stand(statement: str) -> None:
    assert not stands(statement, [RETURNS])


def test_figures_stand_however_they_are_written_and_may_be_the_visitors_own() -> None:
    assert stands("Es sind 1.250,50 Euro bis 08:30.", ["It is 1,250.50 euros until 8.30."])
    assert stands("المبلغ هو ١٥٠ يورو", ["It is 150 euros."])
    said, known = "An order of 95 euros ships free.", ["Orders above 80 euros ship free."]
    assert stands(said, known, "What about an order of 95 euros?")
    assert not stands(said, known, "What ships free?")


def _marked(text: str, cuts: tuple[int, ...] = ()) -> str:
    statements = Statements(lambda said: "false" not in said, "(?)")
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return "".join(statements.feed(text[start:end]) for start, end in pairwise(edges)) + statements.close()


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("It is true [1]. It is false [2]. And so on.", "It is true [1]. It is false [2]. (?) And so on."),
        ("It is false. [1] It is true.", "It is false. [1] (?) It is true."),
        (
            "- one false\n- two true\n\nThe end is false",
            "- one false (?)\n- two true\n\nThe end is false (?)",
        ),
        ("About e.g. false things at 3.5 kg. Yes.", "About e.g. false things at 3.5 kg. (?) Yes."),
        ("```\nreturn false\n\nx = 1\n```\nTrue.", "```\nreturn false\n\nx = 1\n```\nTrue."),
        ("是的。这是false。好。", "是的。这是false。 (?)好。"),
    ],
)
def test_a_mark_stands_behind_the_statement(text: str, marked: str) -> None:
    assert _marked(text) == marked
    assert _marked(text, tuple(range(len(text)))) == marked


PIECES = st.sampled_from(
    ["true ", "false", ". ", ".", " [1]", "\n", "\n\n", "```", "A", "a", "3.", "。", "!", " "]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join), st.lists(st.integers(0, 60), max_size=6).map(tuple))
def test_every_cut_is_marked_alike(text: str, cuts: tuple[int, ...]) -> None:
    # A mark is never cut: what resolves it hands it on whole.
    cuts = tuple(cut for cut in cuts if "[" not in text[max(0, cut - 3) : cut])
    assert _marked(text, cuts) == _marked(text)
    assert _marked(text).replace(" (?)", "").rstrip() == text.rstrip()


async def test_an_answer_is_marked_while_it_streams_and_the_model_never_sees_the_mark(
    with_model: Context, knowing: UUID, model: ModelServer
) -> None:
    model.say(
        "Return the parasol within 30 days of delivery [1]. The museum of Milan awarded it a design prize [1]."
    )
    desk = Desk(with_model.database, knowing, "Northwind", with_model.model)
    asked = "Within how many days can I return a parasol?"
    done = [step async for step in answer(desk, asked, (), Why())][-1]
    assert isinstance(done, Done)
    assert done.text.endswith(f"a design prize [1]. {DOUBT}")
    assert done.text.count(DOUBT) == 1
    told = prompt.build("Northwind", "And a hammock?", [Turn("assistant", done.text)], [])
    assert not any(DOUBT in message["content"] for message in told)
