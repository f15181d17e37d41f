"""Quoted answers as a demanding visitor reads them: whole, short, and of what was asked."""

import re
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from app.answering.extractive import Found, quote
from app.answering.markdown import for_model, for_reading, inline
from app.answering.quotation import Quotation
from app.answering.scoring import Measures
from app.answering.steps import Done, sources
from app.answering.units import units
from app.knowledge.search import Passage
from bench.quotes import quotes
from ingest.embed import static_embedder
from ingest.lexical import stems

LIMITS = Found(
    "Storage has limits:\n\n- Volumes: 20 for each account.\n- Snapshots: none that you would ever reach.\n\n"
    "Ask us for more."
)
HOURS = Found(
    "Opening hours of the parcel desk in winter, all of them\n"
    "Bring a card.\n"
    "Opening hours of the parcel desk in summer, all of them\n"
    "Whoever comes by car finds a place behind the house, in the yard, next to the gate of the neighbours"
)


def quoted(question: str, *found: Found) -> Quotation:
    measures = Measures(partial(stems, language="en"), _similarity, rarity=lambda _: 1.0)
    return quote(question, (), found, measures)


def _similarity(asked: str, texts: Sequence[str]) -> list[float]:
    vectors = static_embedder().embed([asked, *texts])
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]


def _passage(title: str, text: str, headings: tuple[str, ...] = ()) -> Passage:
    known = UUID(int=1)
    return Passage(known, known, title, title, None, headings, None, text, 1.0, 0.5, 5.0, 1, 1, 1.0, 1.0)


def test_a_link_around_code_leaves_its_words() -> None:
    text = "See [volumes of `io1` and `io2`](volumes.md#io1) and ![the `x`](https://e.example/x.png) below."
    assert inline(text) == "See volumes of `io1` and `io2` and below."
    for shown in (for_model(text), for_reading(text)):
        assert "volumes of `io1` and `io2` and" in shown
        assert not re.search(r"\]\(|volumes\.md|e\.example", shown)


def test_a_source_is_named_without_markup() -> None:
    headings = ('Volumes \\(EBS\\)<a name="ebs"></a>', 'Using **`io1`** volumes<a name="x"></a>')
    passage = _passage("Volumes \\(EBS\\)", "It is fast.", headings)
    (source,) = sources([passage], [0])
    assert (source.title, source.place) == ("Volumes (EBS)", "Using io1 volumes")


def test_lines_without_an_end_stay_lines() -> None:
    """They ran together to one sentence that nobody had written."""
    answer = quoted("What are the opening hours of the parcel desk in winter?", HOURS)
    said = answer.text.removesuffix(" [1]").splitlines()
    assert len(said) > 1
    assert set(said) <= set(HOURS.text.splitlines())
    done = Done(answer.text, "answered", sources=sources([_passage("Desk", HOURS.text)], answer.used))
    assert all(quotes(done))


def test_what_is_left_out_between_two_sentences_is_marked() -> None:
    filler = " ".join(f"We like the colours of the sea, and number {n} best of all." for n in range(9))
    text = f"Delivery of a hammock takes 5 days. {filler} Delivery of a hammock costs 4 euros."
    both = quoted(
        "Delivery of a hammock?",
        Found(text),
    )
    assert both.text == "Delivery of a hammock takes 5 days. … Delivery of a hammock costs 4 euros. [1]"
    done = Done(both.text, "answered", sources=sources([_passage("Shop", text)], both.used))
    assert all(quotes(done))


def test_the_one_item_below_its_announcement_is_an_item() -> None:
    assert quoted("How many volumes for each account?", LIMITS).text == (
        "Storage has limits: [1]\n\n- Volumes: 20 for each account. [1]"
    )


def test_a_long_item_is_quoted_by_its_best_sentences() -> None:
    filler = " ".join(f"It says nothing of use in its sentence number {n}, however long." for n in range(12))
    text = (
        f"- **Refunds**: we pay them back. {filler} A refund arrives after 5 days.\n- **Returns**: by post."
    )
    answer = quoted("After how many days does a refund arrive?", Found(text))
    assert "A refund arrives after 5 days." in answer.text
    assert len(answer.text) < 500


def test_steps_keep_their_numbers_where_their_further_sentences_are_left_out() -> None:
    filler = " ".join(f"Take your time with this, and see what part {n} of it says." for n in range(12))
    text = f"To return a parasol, follow these steps:\n\n1. Print the label. {filler}\n2. Pack the parasol.\n"
    text += "3. Send it."
    answer = quoted("How do I return a parasol?", Found(text))
    assert re.search(r"^1\. Print the label\.", answer.text, re.MULTILINE)
    assert "\n2. Pack the parasol.\n3. Send it." in answer.text
    assert len(answer.text) < 600


def test_the_following_command_follows() -> None:
    text = "Use the following command to fetch all parasols at once.\n\n```\naws s3 sync x y\n```\n\nThey are blue."
    assert "aws s3 sync" in quoted("How do I fetch all parasols at once?", Found(text)).text


def test_what_only_leads_to_another_page_does_not_answer() -> None:
    text = (
        "For a more detailed description of the credit balance of a volume, see Credits. "
        "A volume spends its credit balance when it is busy."
    )
    answer = quoted("What about the credit balance of a volume?", Found(text))
    assert answer.text.startswith("A volume spends its credit balance when it is busy.")
    tail = "A parasol is made of wood. For information about wood, see Wood. It lasts."
    assert "see Wood" not in quoted("Is a parasol of wood safe in the rain of spring?", Found(tail)).text


def test_scraps_of_data_and_of_sentences_come_last() -> None:
    scrap = '"status_code": 400, "error": { "code": "bad_request", "type": "error" } }'
    plain = "The error code 400 means that the request was not understood."
    assert quoted("What does the error code 400 mean?", Found(f"{scrap}\n\n{plain}")).text.startswith(plain)
    cut = (
        "and the refund of a parasol, which nobody knows. The refund of a parasol takes 5 days to reach you."
    )
    assert quoted("How long does the refund of a parasol take?", Found(cut)).text.startswith("The refund")


def test_an_answer_says_not_that_it_is_one() -> None:
    text = "Q. Can I cancel an order?\n\nA. Only until it has been packed, as long as it is here."
    assert quoted("May I cancel an order?", Found(text)).text.startswith("Only until it has been packed")
    assert units(0, "A. Miller cancels an order when it has not been packed yet.")[0].text.startswith(
        "A. Miller"
    )


def test_of_rows_that_hold_all_that_is_asked_the_one_is_meant_that_holds_nothing_else() -> None:
    rows = """| Resource | Limit |
|---|---|
| Maximum number of dataset import jobs | 1000 |
| Maximum number of dataset groups | 500 |
| Maximum number of datasets | 1500 |
| Maximum number of rows of a dataset that a forecast reads | 10 |"""
    answer = quoted("What is the maximum number of datasets for a forecast?", Found(rows, ("Limits",)))
    assert "**Maximum number of datasets**: 1500" in answer.text
    assert "dataset groups" not in answer.text


def test_a_sentence_that_speaks_of_a_list_brings_what_is_asked_for_of_it() -> None:
    names = Found(
        "The shop reserves the following names. You cannot use them for your own fields.\n\n**A**\n\n"
        "- `ABORT`\n- `ADD`\n- `ADMIN`\n- `AFTER`\n\n**B**\n\n"
        + "\n".join(f"- `B{number}`" for number in range(20))
    )
    answer = quoted("Is Admin a reserved name of the shop?", names)
    assert answer.text == (
        "The shop reserves the following names. You cannot use them for your own fields. [1]\n\n`ADMIN` [1]"
    )
