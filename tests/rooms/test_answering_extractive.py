"""Answers quoted from passages, without a model."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from app.answering.extractive import Found, Quotation, quote
from app.answering.markdown import for_model, inline
from app.answering.sentences import joined_lines, sentences

GUIDE = Found(
    """## Sounds

The widget plays a [short sound](https://docs.example.org/sound) when an agent replies. To turn the sound off,
set `data-sound="off"` on the script tag. Visitors can also mute it in the panel.

## Installing

To install the widget on a page, follow these steps:

1. Open **Settings** in the console.
2. Copy the snippet.
3. Paste it before `</body>`.

Paste this line into your page:

```html
<script src="https://chat.example.org/widget.js" data-site="KEY" async></script>
```
""",
    ("Widget",),
)
PRICES = Found(
    "Billing\n\nShipping is free above 50 €. It takes 3 to 5 days, e.g. to Lyon. We ship on weekdays only."
)
TABLE = Found(
    "| Setting | Default | Meaning |\n|---|---|---|\n| `PORT` | 8000 | the port that the server listens on |\n"
    "| `HOST` | 127.0.0.1 | the address that the server binds |\n"
)
FAQ = Found(
    "### Can I cancel an order?\n\nYes, until it has been packed.\n\n### Do you ship abroad?\n\nTo all of Europe."
)


def _stems(text: str) -> list[str]:
    return [word.lower()[:6].removesuffix("s") for word in re.findall(r"\w+", text)]


def _similarity(_: str, texts: object) -> list[float]:
    assert isinstance(texts, list)
    return [0.0] * len(texts)


def _quote(question: str, *found: Found, history: tuple[str, ...] = ()) -> Quotation:
    return quote(question, history, found, stems=_stems, similarity=_similarity)


def test_the_best_sentence_is_quoted_and_cited() -> None:
    answer = _quote("How do I turn off the sound?", PRICES, GUIDE)
    assert 'To turn the sound off, set `data-sound="off"` on the script tag.' in answer.text
    assert answer.text.endswith("[1]")
    assert answer.used == [1]
    assert "https:" not in answer.text


def test_steps_come_whole_and_in_order() -> None:
    answer = _quote("How do I install the widget?", GUIDE)
    assert (
        "To install the widget on a page, follow these steps: [1]\n\n"
        "1. Open **Settings** in the console.\n2. Copy the snippet.\n3. Paste it before `</body>`."
    ) in answer.text


def test_code_comes_with_the_sentence_that_announces_it() -> None:
    answer = _quote("Which line do I paste into my page?", GUIDE)
    assert answer.text.startswith("Paste this line into your page: [1]\n\n```html\n<script src=")
    assert answer.text.endswith("```")


def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    answer = _quote("How many days to Lyon?", PRICES)
    assert answer.text.startswith("Shipping is free above 50 €. It takes 3 to 5 days, e.g. to Lyon.")


def test_a_row_of_a_table_reads_as_a_line() -> None:
    answer = _quote("Which port does the server listen on?", TABLE)
    assert answer.text == "`PORT`: Default: 8000; Meaning: the port that the server listens on [1]"


def test_a_question_among_the_headings_leads_to_its_answer() -> None:
    assert _quote("May I cancel an order?", FAQ).text == "Yes, until it has been packed. [1]"


def test_a_follow_up_is_read_with_what_was_asked_before() -> None:
    answer = _quote("and how do I turn that off?", GUIDE, PRICES, history=("Does the widget play a sound?",))
    assert 'set `data-sound="off"`' in answer.text


def test_sources_are_counted_in_the_order_of_the_answer() -> None:
    answer = _quote("Is shipping free and can I mute the sound?", GUIDE, PRICES)
    marks = [int(mark) for mark in re.findall(r"\[(\d)\]", answer.text)]
    assert sorted(set(marks)) == list(range(1, len(answer.used) + 1))
    assert marks == sorted(marks)


def test_nothing_to_quote_gives_nothing() -> None:
    assert _quote("Anything?", Found("# Title\n\nWhat is this?")).pieces == []
    assert _quote("Anything?").pieces == []


def test_an_answer_is_short() -> None:
    long = Found(" ".join(f"Sentence number {n} is about the shipping of parcel {n}." for n in range(200)))
    assert len(_quote("shipping of parcels", long).text) < 1000


WORDS = st.sampled_from(
    ["ship", "It", "**bold**", "`a. b`", "[link](http://x.org)", "e.g.", "Yes.", "No?", "3.", "é", ":"]
)
LINES = st.builds(
    lambda lead, words: lead + " ".join(words),
    st.sampled_from(["", "", "- ", "1. ", "# ", "> ", "| a | ", "```", "    "]),
    st.lists(WORDS, min_size=1, max_size=8),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(LINES | st.just(""), max_size=15).map("\n".join), st.lists(WORDS, max_size=4).map(" ".join))
def test_every_quote_stands_in_its_passage(text: str, question: str) -> None:
    answer = _quote(question, Found(text))
    source = re.sub(r"\W+", " ", inline(text) + text)
    for piece in answer.pieces:
        bare = re.sub(r" \[1\]$|\n\[1\]$", "", piece.strip())
        for line in re.sub(r"^(?:- |\d+\. )", "", bare).splitlines():
            assert re.sub(r"\W+", " ", line).strip() in source


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


def test_the_model_sees_no_addresses_outside_code() -> None:
    text = "See [docs](https://a.example/x) or https://b.example, ![i](https://c.example/i.png).\n\n```\ncurl https://d.example\n```"
    seen = for_model(text)
    assert "docs" in seen
    assert "a.example" not in seen
    assert "b.example" not in seen
    assert "c.example" not in seen
    assert "https://d.example" in seen
