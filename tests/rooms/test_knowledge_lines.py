"""The closest look at passages: what their lines, titles and file names say of a question."""

import numpy as np
from numpy.typing import NDArray

from app.knowledge.lines import COMPARED, Shown, Wording, beginning, look_closely
from app.knowledge.question import Query, Statistics, ask, read
from ingest.lexical import number

FILLER = "Further remarks stand here and there."


def asked(question: str, language: str = "en", *history: str) -> Wording:
    """A question to an organisation in whose texts all words are alike."""
    turns = read(Query(question, history), language, [language])
    terms = {number(term) for turn in turns for word in turn for form in word.forms for term in form}
    return ask(turns, Statistics(100, 10_000, dict.fromkeys(terms, 1)), language).wording


def looked_at(wording: Wording, *passages: Shown) -> NDArray[np.float64]:
    """What is seen of passages that were found equally well."""
    return look_closely(wording, passages, np.ones(len(passages)))


def test_a_line_that_says_all_beats_words_that_stand_apart() -> None:
    together = f"{FILLER}\nYou can delete an option group of a stopped instance.\n{FILLER}"
    apart = f"{FILLER} Stopped.\nAn option is described.\nGroups: see above.\nDelete the instance."
    all_of_it, some = looked_at(
        asked("delete option group of a stopped instance?"), Shown(together), Shown(apart)
    )
    assert all_of_it[0] == 1.0
    assert some[0] < 0.5
    assert all_of_it[1] > some[1]


def test_inflected_words_are_found_in_lines() -> None:
    [found] = looked_at(asked("Which companies are refunded?"), Shown("A company asks for refunds."))
    assert found[0] == 1.0


def test_scripts_without_spaces_are_compared_by_pairs_of_characters() -> None:
    best, other = looked_at(asked("退款需要多久", "zh"), Shown("退款需要十天。"), Shown("我们在星期一开门。"))
    assert best[0] > 0.5
    assert other[0] < best[0]


def test_a_title_counts_by_how_much_of_it_this_turn_names() -> None:
    wording = asked("What are the quotas of the balancer?", "en", "Tell me about invoices")
    titles = ["Balancer quotas", "Balancer quotas and how they are raised by support", "Invoices", None]
    passages = [Shown("Nothing.", title) for title in titles]
    whole, part, before, none = looked_at(wording, *passages)[:, 2]
    assert whole == 1.0
    assert 0 < part < whole
    assert before == none == 0.0


def test_the_name_of_a_file_counts_by_how_much_of_it_and_of_its_folders_this_turn_names() -> None:
    wording = asked("What are the quotas of the load balancer?")
    names = [
        "load-balancer/quotas.md",
        "LoadBalancer › limits_raised.md",
        "load.balancer.pdf",
        "scan0001.pdf",
    ]
    all_of_it, half, file, nothing = looked_at(wording, *(Shown("Nothing.", file=name) for name in names))[
        :, 3
    ]
    assert all_of_it == file == 1.0
    assert half == 0.5
    assert nothing == 0.0


def test_only_the_best_are_compared_by_meaning() -> None:
    passages = [Shown("Refunds take ten days.")] * 30
    found = look_closely(asked("How long do refunds take?"), passages, np.linspace(1, 0, 30))
    assert found[:COMPARED, 1].min() == 1.0
    assert not found[COMPARED:, 1].any()


def test_nothing_found_and_nothing_asked_are_looked_at_without_complaint() -> None:
    assert looked_at(asked("quotas")).shape == (0, 5)
    [empty] = looked_at(asked("???"), Shown("Some text.", "A title", "a-file.txt"))
    assert list(empty[:4]) == [0.0, 0.0, 0.0, 0.0]


def test_a_word_begins_as_far_as_it_shares_its_stem() -> None:
    assert beginning("companies", ("compani",)) == ("compan",)
    assert beginning("company", ("compani",)) == ("compan",)
    assert beginning("us", ("u",)) == ("us",)
