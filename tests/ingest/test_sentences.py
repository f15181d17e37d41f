"""Where sentences end, and which line breaks are meant."""

from app.answering.units import units
from ingest.sentences import joined_lines, sentences


def test_sentences_end_where_they_end() -> None:
    text = "Dr. No came at 3.30 p.m. to see us. He left, e.g. by car. `x. Y` works! 好的。再见。 ¿Y tú? Sí."
    assert sentences(text) == [
        "Dr. No came at 3.30 p.m. to see us.",
        "He left, e.g. by car.",
        "`x. Y` works!",
        "好的。",
        "再见。",
        "¿Y tú?",
        "Sí.",
    ]


def test_sentences_that_were_glued_together_are_told_apart() -> None:
    glued = (
        "That extra day in February is called a leap day.The axis of the Earth is tilted towards the Sun. What does it "
        "do?Dates are read by java.util.Date as they are. Call `order.Cancel or order.Keep` when it is yours."
    )
    assert [unit.text for unit in units(0, glued)] == [
        "That extra day in February is called a leap day.",
        "The axis of the Earth is tilted towards the Sun.",
        "What does it do?",
        "Dates are read by java.util.Date as they are.",
        "Call `order.Cancel or order.Keep` when it is yours.",
    ]


def test_hard_wrapped_lines_are_joined_and_meant_breaks_kept() -> None:
    wrapped = [
        "This paragraph was wrapped at sixty columns or so by an",
        "Editor that somebody used, and it",
        "goes on.",
    ]
    assert joined_lines(wrapped) == [" ".join(wrapped)]
    assert (
        joined_lines(["Opening hours", "Monday to Friday, from nine in the morning until five."])[0]
        == "Opening hours"
    )
