"""The closest look at passages: what their lines and titles say of a question."""

from app.knowledge.lines import Wording, beginning, look_closely
from app.knowledge.question import Query, Statistics, ask, read
from ingest.lexical import number

FILLER = "Further remarks stand here and there."


def asked(question: str, language: str = "en", *history: str) -> Wording:
    """A question to an organisation in whose texts all words are alike."""
    turns = read(Query(question, history), language, [language])
    terms = {number(term) for turn in turns for word in turn for form in word.forms for term in form}
    return ask(turns, Statistics(100, 10_000, dict.fromkeys(terms, 1)), language).wording


def test_a_line_that_says_all_beats_words_that_stand_apart() -> None:
    together = f"{FILLER}\nYou can delete an option group of a stopped instance.\n{FILLER}"
    apart = f"{FILLER} Stopped.\nAn option is described.\nGroups: see above.\nDelete the instance."
    all_of_it, some = look_closely(
        asked("delete option group of a stopped instance?"), [together, apart], [None] * 2
    )
    assert all_of_it[0] == 1.0
    assert some[0] < 0.5
    assert all_of_it[1] > some[1]


def test_inflected_words_are_found_in_lines() -> None:
    [found] = look_closely(asked("Which companies are refunded?"), ["A company asks for refunds."], [None])
    assert found[0] == 1.0


def test_scripts_without_spaces_are_compared_by_pairs_of_characters() -> None:
    best, other = look_closely(
        asked("退款需要多久", "zh"), ["退款需要十天。", "我们在星期一开门。"], [None] * 2
    )
    assert best[0] > 0.5
    assert other[0] < best[0]


def test_a_title_counts_by_how_much_of_it_this_turn_names() -> None:
    wording = asked("What are the quotas of the balancer?", "en", "Tell me about invoices")
    titles = ["Balancer quotas", "Balancer quotas and how they are raised by support", "Invoices", None]
    whole, part, before, none = look_closely(wording, ["Nothing."] * 4, titles)[:, 2]
    assert whole == 1.0
    assert 0 < part < whole
    assert before == none == 0.0


def test_nothing_found_and_nothing_asked_are_looked_at_without_complaint() -> None:
    assert look_closely(asked("quotas"), [], []).shape == (0, 4)
    [empty] = look_closely(asked("???"), ["Some text."], ["A title"])
    assert list(empty[:3]) == [0.0, 0.0, 0.0]


def test_a_word_begins_as_far_as_it_shares_its_stem() -> None:
    assert beginning("companies", ("compani",)) == ("compan",)
    assert beginning("company", ("compani",)) == ("compan",)
    assert beginning("us", ("u",)) == ("us",)
