"""Answers quoted from passages, without a model."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.answering.extractive import Found, quote
from app.answering.markdown import for_model, inline
from app.answering.quotation import Quotation
from app.answering.scoring import Measures
from app.answering.units import units

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
    return quote(question, history, found, Measures(_stems, _similarity, rarity=lambda _: 1.0))


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
    assert answer.text == "`PORT` (Default: 8000): the port that the server listens on [1]"


OPTIONS = Found(
    "| attribute | values |\n|---|---|\n| `data-site` | the site's key |\n| `data-open` | present or absent |\n\n"
    "Backups hold your data. Keep them in a safe."
)
STORAGE = Found(
    "# Storage\n\n## Files\n\nEverything is kept in one folder. A file may have 25 MB. Larger ones are refused with a "
    "sentence that says so.\n\n## Cookies\n\nNone are set.",
    ("Storage", "Files"),
)
READ_ON = Found("# Start\n\n- [refunds.md](docs/refunds.md): refunds, for shoppers\n- Refunds take a week.")


def test_names_in_code_are_not_words() -> None:
    assert _quote("Is my data safe?", OPTIONS).text == "Backups hold your data. Keep them in a safe. [1]"
    assert _quote("What is data-site for?", OPTIONS).text == "`data-site`: the site's key [1]"


def test_what_answers_the_question_stands_alone() -> None:
    assert _quote("How many MB may a file have?", STORAGE).text == "A file may have 25 MB. [1]"


def test_what_answers_half_of_it_comes_with_its_paragraph() -> None:
    answer = _quote("Is a folder encrypted when the sentence is over?", STORAGE)
    assert answer.text.startswith("Everything is kept in one folder. A file may have 25 MB.")


def test_what_only_points_elsewhere_is_no_answer() -> None:
    assert _quote("What about refunds?", READ_ON).text == "Refunds take a week. [1]"


def test_a_definition_goes_on_for_a_sentence() -> None:
    text = (
        "Before you start, read this. A kiosk is a stand-alone screen. It needs no keyboard. Order it early."
    )
    answer = _quote("What is a kiosk?", Found(text))
    assert answer.text == "A kiosk is a stand-alone screen. It needs no keyboard. [1]"


def test_what_a_command_does_is_in_its_row() -> None:
    rows = "| command | what it does |\n|---|---|\n| `shop check` | Looks for faults. |\n| `shop open` | Opens. |"
    answer = _quote("What does check do?", Found("If it is down, `shop check` says why."), Found(rows))
    assert answer.text.startswith("`shop check`: Looks for faults.")


def test_a_source_names_the_heading_that_the_quote_stands_under() -> None:
    answer = _quote("Any cookies?", STORAGE)
    assert (answer.text, answer.places) == ("None are set. [1]", [("Storage", "Cookies")])


def test_places_follow_the_levels_of_headings() -> None:
    text = "Goes on.\n\n### Deep\n\nInside.\n\n## Beside\n\nNext to it.\n\n# Other\n\nFar away."
    assert [unit.place for unit in units(0, text, ("Title", "Here"))] == [
        ("Title", "Here"),
        ("Title", "Here", "Deep"),
        ("Title", "Beside"),
        ("Other",),
    ]


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
@example("````a. b`\n````a. b`\nship ship ship ship ship ship [link](http://x.org) `a. b`", "ship")
def test_every_quote_stands_in_its_passage(text: str, question: str) -> None:
    answer = _quote(question, Found(text))
    # Code may reach over lines, and lines are read one by one.
    source = re.sub(r"\W+", " ", " ".join([inline(text), *map(inline, text.splitlines()), text]))
    for piece in answer.pieces:
        bare = re.sub(r" \[1\]$|\n\[1\]$", "", piece.strip())
        for line in re.sub(r"^(?:- |\d+\. )", "", bare).splitlines():
            assert re.sub(r"\W+", " ", line).strip() in source


def test_the_model_sees_no_addresses_outside_code() -> None:
    text = "See [docs](https://a.example/x) or https://b.example, ![i](https://c.example/i.png).\n\n```\ncurl https://d.example\n```"
    seen = for_model(text)
    assert "docs" in seen
    assert "a.example" not in seen
    assert "b.example" not in seen
    assert "c.example" not in seen
    assert "https://d.example" in seen


OLD = Found("# Returns\n\nYou can return a parasol within 30 days of delivery.", ("Returns",))
NEW = Found("# Returning\n\nA parasol can be returned within 14 days of delivery.", ("Returning",))


def test_two_places_that_do_not_agree_are_both_quoted() -> None:
    answer = _quote("Within how many days can I return a parasol?", OLD, GUIDE, NEW)
    assert answer.torn
    assert answer.text == (
        "You can return a parasol within 30 days of delivery. [1]\n\n"
        "A parasol can be returned within 14 days of delivery. [2]"
    )
    assert answer.used == [0, 2]


def test_where_one_says_not_they_do_not_agree_either() -> None:
    yes, no = Found("We ship parasols to Norway."), Found("We do not ship parasols to Norway.")
    answer = _quote("Do you ship parasols to Norway?", no, yes, yes)
    assert (answer.torn, answer.used) == (True, [0, 1])


def test_the_same_or_something_else_is_no_disagreement() -> None:
    again = Found("Our shop says that you can return a parasol within 30 days of delivery.")
    price = Found("A parasol costs 40 euros, and delivery takes 5 days.")
    answer = _quote("Within how many days can I return a parasol?", OLD, again, price)
    assert not answer.torn
    assert answer.used == [0]


def test_what_stands_under_another_heading_says_nothing_against_what_was_asked_for() -> None:
    hammock = Found("## Price\n\nIt costs 60 euros with delivery.", ("Hammock", "Price"))
    parasol = Found("## Price\n\nIt costs 40 euros with delivery.", ("Parasol", "Price"))
    assert not _quote("How much does the hammock cost?", hammock, parasol).torn
    assert _quote("What does it cost with delivery?", hammock, parasol).torn


FINES = Found(
    "The maximum fines for trucks on parkways are as follows:\nLess than 10,000 pounds:\n"
    "First violation - $250 and up to 15 days in jail\nSecond violation - $500 and up to 45 days in jail\n"
    "Over 26,000 pounds:\n"
    "First violation - $700 and up to 15 days in jail\nSecond violation - $1,500 and up to 90 days in jail\n"
)


def test_lines_keep_what_they_are_lines_of() -> None:
    """The fines of light trucks were told as those of all: the line between, that says so, was left out."""
    said = _quote("What are the maximum fines for trucks on parkways?", FINES).text
    assert "as follows: Less than 10,000 pounds: First violation - $250 and" in said
    heavy = _quote("What is the fine of $1,500 for?", FINES).text
    assert "Over 26,000 pounds: First violation - $700" in heavy
    assert heavy.endswith("Second violation - $1,500 and up to 90 days in jail [1]")


def test_the_section_that_answers_comes_first() -> None:
    """What another section says of it follows where it says as much, and is left out where it does not."""
    told = "Visitors are told by mail about the opening hours of {}, and more."
    wanted = "To set the opening hours of the desk, run `desk set --hours` with a line for each day."
    text = f"## When nobody is there\n\n{told}\n\n## Settings\n\n{wanted}"
    asked = "How do I set the opening hours of the desk?"
    both, one = (_quote(asked, Found(text.format(of), ("Desk",))).text for of in ("their desk", "branches"))
    assert both == f"{wanted} [1]\n\n{told.format('their desk')} [1]"
    assert one == f"{wanted} [1]"
