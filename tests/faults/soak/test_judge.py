"""The judge of the soak catches what it is there to catch: each wrong is planted, and found under its own name."""

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest

from app.answering.phrases import phrase
from bench.soaking.judge import Ack, Change, Seen, Truth, judge

TALK = "talk"
SAID = {"v01-m0001": "Answer to v01-m0001: thirty days."}


def message(seq: int, kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"id-{seq}",
        "seq": seq,
        "client_id": f"client-{seq}",
        "author": {"kind": kind},
        "text": text,
        "state": "complete",
        "attempt": 1,
    } | more


class Case:
    """A conversation without fault: a question, its answer, a person who takes over, their reply, the end of it."""

    def __init__(self) -> None:
        asked = message(1, "visitor", "How long? (v01-m0001)")
        begun = message(2, "bot", "", state="streaming")
        ended = message(2, "bot", SAID["v01-m0001"])
        notice = message(4, "system", "")
        replied = message(6, "agent", "Let me look. (a00-m0001)")
        self.events = [
            {"seq": 1, "kind": "message.posted", "data": asked},
            {"seq": 2, "kind": "message.posted", "data": begun},
            {"seq": 3, "kind": "message.updated", "data": ended},
            {"seq": 4, "kind": "message.posted", "data": notice},
            {"seq": 5, "kind": "conversation.updated", "data": {"status": "human", "assignee": None}},
            {"seq": 6, "kind": "message.posted", "data": replied},
            {"seq": 7, "kind": "conversation.updated", "data": {"status": "bot", "assignee": None}},
        ]
        self.messages = [asked, ended, notice, replied]
        self.screen = deepcopy(self.messages)
        self.acks = [
            Ack("v01", TALK, "client-1", asked["text"], 1),
            Ack("a00", TALK, "client-6", replied["text"]),
        ]
        self.wrongs: Counter[str] = Counter()
        self.changes: list[Change] = []

    def counts(self) -> dict[str, int]:
        seen = [Seen(TALK, self.screen, self.wrongs)]
        verdict = judge(self.acks, {TALK: Truth(self.events, self.messages)}, seen, SAID, self.changes)
        assert verdict.acknowledged == len(self.acks) + len(self.changes)
        return {what: times for what, times in verdict.counts.items() if times}


@pytest.fixture
def case() -> Case:
    return Case()


def test_nothing_is_found_where_nothing_is_wrong(case: Case) -> None:
    assert case.counts() == {}


def test_an_acknowledged_message_that_is_not_stored_is_lost(case: Case) -> None:
    case.acks.append(Ack("v01", TALK, "client-9", "Hello? (v01-m0002)", 8))
    assert case.counts() == {"lost": 1}


def test_a_message_that_never_reached_the_screen_is_lost(case: Case) -> None:
    del case.screen[3]
    assert case.counts() == {"lost": 1}


def test_a_message_that_is_stored_with_other_words_is_lost(case: Case) -> None:
    case.acks[0] = Ack("v01", TALK, "client-1", "How long exactly? (v01-m0001)", 1)
    assert case.counts() == {"lost": 1}


def changed(case: Case, **more: str) -> dict[str, Any]:
    """The agent's reply, edited everywhere."""
    edited = case.messages[3] | {"edited_at": "2026-11-21T12:00:00Z"} | more
    case.events[5] = case.events[5] | {"data": edited}
    case.messages[3] = edited
    case.screen[3] = edited
    return edited


def test_an_edit_is_what_is_expected_from_then_on(case: Case) -> None:
    edited = changed(case, text="Let me look again.")
    case.changes += [Change("client-6", "Let me see."), Change("client-6", edited["text"])]
    assert case.counts() == {}


def test_an_edit_that_is_not_stored_is_lost(case: Case) -> None:
    case.changes.append(Change("client-6", "Let me look again."))
    assert case.counts() == {"lost": 1}


def test_a_screen_that_does_not_show_an_edit_is_found(case: Case) -> None:
    before = case.screen[3]
    case.changes.append(Change("client-6", changed(case, text="Let me look again.")["text"]))
    case.screen[3] = before
    assert case.counts() == {"wrong_bytes": 1}


def test_a_deletion_is_kept_and_two_of_them_are_no_double(case: Case) -> None:
    changed(case, text="", deleted_at="2026-11-21T12:00:00Z")
    gone = message(8, "agent", "", deleted_at="2026-11-21T12:00:00Z")
    case.events.append({"seq": 8, "kind": "message.posted", "data": gone})
    case.messages.append(gone)
    case.screen.append(gone)
    case.changes.append(Change("client-6", ""))
    assert case.counts() == {}
    case.screen[4] = gone | {"deleted_at": None}
    assert case.counts() == {"wrong_bytes": 1}


def test_a_note_that_is_not_stored_is_lost(case: Case) -> None:
    case.acks.append(Ack("a00", f"notes:{TALK}", "client-7", "He called before. (a00-m0002)"))
    assert case.counts() == {"lost": 1}


def test_a_message_that_is_stored_twice_is_doubled(case: Case) -> None:
    again = message(8, "visitor", case.messages[0]["text"])
    case.events.append({"seq": 8, "kind": "message.posted", "data": again})
    case.messages.append(again)
    case.screen.append(again)
    assert case.counts() == {"duplicated": 1}


def test_a_message_that_is_on_the_screen_twice_is_doubled(case: Case) -> None:
    case.screen.append(message(8, "agent", "Let me look. (a00-m0001)"))
    assert case.counts() == {"duplicated": 1}


def test_an_acknowledgement_of_another_message_is_a_double(case: Case) -> None:
    case.acks[0] = Ack("v01", TALK, "client-1", case.acks[0].text, 9)
    assert case.counts() == {"duplicated": 1}


def test_messages_of_one_sender_in_another_order_are_found(case: Case) -> None:
    later = message(8, "visitor", "And by post? (v01-m0002)")
    case.events.append({"seq": 8, "kind": "message.posted", "data": later})
    case.messages.append(later)
    case.screen.append(later)
    case.acks.insert(0, Ack("v01", TALK, "client-8", later["text"], 8))
    assert case.counts() == {"reordered": 1}


def test_a_gap_in_the_log_is_found(case: Case) -> None:
    case.events[-1] = case.events[-1] | {"seq": 9}
    assert case.counts() == {"reordered": 1}


def test_a_screen_in_another_order_is_found(case: Case) -> None:
    case.screen.reverse()
    assert case.counts() == {"reordered": 1}


def test_a_false_complete_is_found(case: Case) -> None:
    for held in (case.messages[1], case.screen[1]):
        held["text"] = held["text"][:-5]
    assert case.counts() == {"wrong_bytes": 1}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SAID["v01-m0001"][:20], {}),
        (f"{SAID['v01-m0001'][:20]}\n\n{phrase('person', 'en')}\n\n{phrase('away', 'en')}", {}),
        (f"{SAID['v01-m0001'][:20]} cut", {"wrong_bytes": 1}),
        (f"{SAID['v01-m0001'][:20]}\n\nSomething else.", {"wrong_bytes": 1}),
    ],
)
def test_of_an_interrupted_answer_the_beginning_is_right(
    case: Case, text: str, found: dict[str, int]
) -> None:
    for held in (case.messages[1], case.screen[1]):
        held.update({"text": text, "state": "interrupted"})
    assert case.counts() == found


def test_a_screen_with_other_words_is_found(case: Case) -> None:
    case.screen[1]["text"] += "?"
    assert case.counts() == {"wrong_bytes": 1}


def test_a_log_that_says_something_else_than_the_messages_is_found(case: Case) -> None:
    case.events[2] = case.events[2] | {"data": message(2, "bot", "Answer to nobody")}
    assert case.counts() == {"wrong_bytes": 1}


def test_a_bot_that_speaks_after_a_person_took_over_is_found(case: Case) -> None:
    said = message(6, "bot", "I can help, too.")
    case.events[5] = {"seq": 6, "kind": "message.posted", "data": said}
    case.messages[3], case.screen[3] = said, said
    del case.acks[1]
    assert case.counts() == {"bot_after_takeover": 1}


def test_an_answer_that_never_ends_is_found(case: Case) -> None:
    never = message(2, "bot", "Answer to", state="streaming")
    case.events[2] = case.events[2] | {"data": never}
    case.messages[1], case.screen[1] = never, never
    assert case.counts() == {"stuck": 1}


def test_what_a_client_noted_counts(case: Case) -> None:
    case.wrongs.update(["duplicated", "reordered", "wrong_bytes"])
    assert case.counts() == {"duplicated": 1, "reordered": 1, "wrong_bytes": 1}
