"""Chunks are what is searched and quoted: exact parts, with the headings and the page they stand on."""

import itertools
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk, estimate_tokens
from ingest.parsed import Page, Parsed

PROSE = "The parcel is sent on the day of the order. It arrives within three days. You are told when it is on its way. "


def parsed(*pages: str, numbered: bool = False) -> Parsed:
    numbers = itertools.count(1) if numbered else itertools.repeat(None)
    return Parsed("markdown", "text/markdown", None, None, [Page(next(numbers), page) for page in pages])


def test_each_chunk_knows_the_headings_that_lead_to_it() -> None:
    text = "\n\n".join(
        f"{line}\n\n{PROSE * 8}" for line in ("# Shop", "## Returns", "### Abroad", "## Payment")
    )
    assert [one.headings for one in chunk(parsed(text), size_tokens=300)] == [
        ("Shop",),
        ("Shop", "Returns"),
        ("Shop", "Returns", "Abroad"),
        ("Shop", "Payment"),
    ]


def test_headings_are_read_as_a_reader_sees_them() -> None:
    text = f"Returns & *refunds*\n===\n\n{PROSE}\n\n## The [`label`](x.md) of snake_case {{#label}} ##\n\n{PROSE * 9}"
    assert chunk(parsed(text), size_tokens=200)[-1].headings == (
        "Returns & refunds",
        "The label of snake_case",
    )


def test_a_heading_is_never_alone_and_never_inside_code() -> None:
    text = f"# Shop\n\n## Setup\n\n```sh\n# not a heading\nrun it\n```\n\n{PROSE * 12}\n\n## Last"
    chunks = chunk(parsed(text), size_tokens=150)
    assert chunks[0].text.startswith("# Shop\n\n## Setup\n\n```sh")
    assert chunks[0].headings == ("Shop", "Setup")
    assert "on its way" in chunks[-1].text
    assert chunks[-1].text.endswith("## Last")


def test_pages_keep_their_chunks_apart_and_pass_their_headings_on() -> None:
    chunks = chunk(parsed(f"# Rules\n\n{PROSE}", PROSE, f"## Exceptions\n\n{PROSE}", numbered=True))
    assert [(one.ordinal, one.page, one.headings) for one in chunks] == [
        (0, 1, ("Rules",)),
        (1, 2, ("Rules",)),
        (2, 3, ("Rules", "Exceptions")),
    ]


def test_a_heading_at_the_foot_of_a_page_leads_to_the_next() -> None:
    chunks = chunk(parsed(f"{PROSE}\n\n# Returns", PROSE, numbered=True))
    assert [one.headings for one in chunks] == [(), ("Returns",)]


def test_code_and_tables_stay_whole_where_they_fit() -> None:
    code = "```python\n" + "\n\n".join(f"value_{place} = {place}" for place in range(20)) + "\n```"
    table = "| Country | Days |\n| --- | --- |\n" + "\n".join(
        f"| Land {place} | {place} |" for place in range(30)
    )
    texts = [
        one.text for one in chunk(parsed(f"{PROSE * 9}\n\n{code}\n\n{PROSE * 9}\n\n{table}"), size_tokens=260)
    ]
    assert any(code in text for text in texts)
    assert any(table in text for text in texts)


def test_size_is_counted_in_tokens_of_the_script() -> None:
    latin, japanese = PROSE * 60, "商品は三十日以内に返品できます。送料はお客様のご負担となります。" * 60
    for text in (latin, japanese):
        sizes = [estimate_tokens(one.text) for one in chunk(parsed(text), size_tokens=200)]
        assert max(sizes) <= 220
        assert sum(sizes) / len(sizes) > 120


def test_a_long_text_is_cut_in_parts_without_loss() -> None:
    text = "\n\n".join(f"## Part {place}\n\n{PROSE * 3}" for place in range(700))
    chunks = chunk(parsed(text))
    assert "".join("".join(one.text for one in chunks).split()) == "".join(text.split())
    assert chunks[-1].headings == ("Part 699",)


BLOCKS = st.sampled_from(
    [
        *(
            "# One",
            "## Two words",
            "### Three",
            "Title\n===",
            "#",
            "\\# no heading",
            "---",
            "* * *",
            "",
            "a\tb",
            "\u00a0",
        ),
        *(PROSE, PROSE * 9, "日本語の文章です。" * 40, "x" * 3000, "🤠" * 50, "<div>html</div>", "> quoted"),
        *("- a\n- b\n  - c", "1. one\n2. two", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        *("```\n# code\n\nmore\n```", "~~~\nunclosed"),
    ]
)
PAGES = st.lists(st.lists(BLOCKS, max_size=12).map("\n\n".join), min_size=1, max_size=4)


@given(pages=PAGES, size=st.integers(20, 400))
def test_chunks_are_exact_parts_in_order_and_lose_nothing(pages: list[str], size: int) -> None:
    chunks = chunk(parsed(*pages, numbered=True), size_tokens=size)
    assert [one.ordinal for one in chunks] == list(range(len(chunks)))
    for number, page in enumerate(pages, 1):
        place = 0
        for one in (one for one in chunks if one.page == number):
            assert one.text.strip()
            found = page.index(one.text, place)
            assert not page[place:found].strip()
            place = found + len(one.text)
        assert not page[place:].strip()


@given(text=st.text(max_size=400))
def test_any_text_can_be_cut(text: str) -> None:
    for one in chunk(parsed(text), size_tokens=20):
        assert one.text in text
        assert one.text.strip()


def test_a_document_of_very_many_headings_takes_as_long_as_its_length() -> None:
    """Every heading was looked at for every chunk: 10,000 of them took ten seconds."""

    def seconds(sections: int) -> float:
        text = "\n\n".join(f"## Part {at}\n\n{PROSE * 4}" for at in range(sections))
        started = process_time()
        assert len(chunk(parsed(text))) >= sections / 4
        return process_time() - started

    most, least = (min(seconds(sections) for _ in range(2)) for sections in (6_000, 1_500))
    assert most < 8 * least


@pytest.mark.parametrize(
    "led_in",
    [
        "* 30 days\n* the receipt\n",
        "| what | until |\n| --- | --- |\n| shoes | 30 days |\n",
        "```sh\nfrontdesk serve\n```\n",
    ],
)
def test_a_list_takes_along_what_introduces_it(led_in: str) -> None:
    text = f"{PROSE * 8}\n\nWho sends something back needs:\n\n{led_in * 12}"
    first, second, *_ = chunk(parsed(text), size_tokens=230)
    assert first.text.strip() == (PROSE * 8).strip()
    assert second.text.startswith(f"Who sends something back needs:\n\n{led_in}")


def test_of_a_long_introduction_the_last_sentence_goes_along() -> None:
    text = f"{PROSE * 8}You need:\n\n" + "* the receipt\n" * 40
    first, second, *_ = chunk(parsed(text), size_tokens=230)
    assert first.text.endswith("on its way. ")
    assert second.text.startswith("You need:\n\n* the receipt")


def test_what_is_all_that_a_passage_says_stays_there() -> None:
    text = "You need all of these, and more besides:\n\n" + f"* {PROSE}\n" * 6
    first, *_ = chunk(parsed(text), size_tokens=30)
    assert first.text.strip().endswith("besides:")
