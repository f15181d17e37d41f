"""The judge: what was acknowledged and what was seen, against what the database holds in the end."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.answering.phrases import PHRASES

View = Mapping[str, Any]
# What a screen shows of a message, and must be as it is stored.
SHOWN = ("text", "state", "attempt", "edited_at", "deleted_at")
# How the model's answers begin, so that they are told from those quoted from documents when the model fails.
BY_MODEL = "Answer to "


@dataclass(frozen=True)
class Ack:
    """A message whose sender was told that it is stored. Those of one `sender` are in the order of their sending."""

    sender: str
    conversation: str
    client_id: str
    text: str
    seq: int | None = None


@dataclass(frozen=True)
class Change:
    """A message whose author was told that it says `text` from now on; nothing where it was deleted."""

    client_id: str
    text: str


@dataclass(frozen=True)
class Truth:
    """A conversation as the database holds it."""

    events: Sequence[View]
    messages: Sequence[View]


@dataclass
class Seen:
    """What one client holds of a conversation in the end, up to which event, and what went wrong before its eyes."""

    conversation: str
    messages: Sequence[View]
    wrongs: Counter[str] = field(default_factory=Counter)
    last_seq: int = 0


@dataclass
class Verdict:
    acknowledged: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def wrong(self, what: str, note: str) -> None:
        self.counts[what] += 1
        if len(self.notes) < 20:
            self.notes.append(f"{what}: {note}")


def judge(
    acks: Sequence[Ack],
    truths: Mapping[str, Truth],
    seen: Sequence[Seen],
    said: Mapping[str, str],
    changes: Sequence[Change] = (),
) -> Verdict:
    """`said` is what the model answers, by the question's text; `changes` are in the order of their acknowledgement."""
    verdict = Verdict(acknowledged=len(acks) + len(changes))
    _acknowledged(verdict, acks, truths, {change.client_id: change.text for change in changes})
    for conversation, truth in truths.items():
        _log(verdict, conversation, truth)
        _answers(verdict, truth, said)
        _silence(verdict, conversation, truth)
    for client in seen:
        _client(verdict, client, truths[client.conversation])
    return verdict


NOTHING = Truth((), ())


def _acknowledged(
    verdict: Verdict, acks: Sequence[Ack], truths: Mapping[str, Truth], changed: Mapping[str, str]
) -> None:
    last: dict[tuple[str, str], int] = {}
    for ack in acks:
        stored = truths.get(ack.conversation, NOTHING).messages
        kept = [one for one in stored if one["client_id"] == ack.client_id]
        if not kept or kept[0]["text"] != changed.get(ack.client_id, ack.text):
            verdict.wrong("lost", f"{changed.get(ack.client_id, ack.text)!r} of {ack.sender}")
            continue
        seq = kept[0]["seq"]
        if ack.seq not in {None, seq}:
            verdict.wrong("duplicated", f"{ack.text!r} was acknowledged as {ack.seq} and is {seq}")
        if seq < last.get((ack.sender, ack.conversation), 0):
            verdict.wrong("reordered", f"{ack.text!r} stands before what was sent earlier")
        last[ack.sender, ack.conversation] = seq


def _log(verdict: Verdict, conversation: str, truth: Truth) -> None:
    numbers = [event["seq"] for event in truth.events]
    if numbers != list(range(1, len(numbers) + 1)):
        verdict.wrong("reordered", f"the log of {conversation} has gaps or repeats: {numbers[:50]}")
    for what, found in (("client_id", _keys(truth)), ("text", _texts(truth))):
        for value, times in Counter(found).items():
            if times > 1:
                verdict.wrong("duplicated", f"{times} messages with the {what} {value!r}")
    rebuilt = rebuild(truth.events)
    for message in truth.messages:
        if rebuilt.get(message["id"]) != message:
            verdict.wrong(
                "wrong_bytes", f"message {message['seq']} of {conversation} differs from what the log says"
            )


def _keys(truth: Truth) -> Iterable[str]:
    return (message["client_id"] for message in truth.messages)


def _texts(truth: Truth) -> Iterable[str]:
    """Every visitor's and agent's message says something else, so one that is there twice was stored twice."""
    return (
        message["text"]
        for message in truth.messages
        if message["author"]["kind"] in {"visitor", "agent"} and message["text"]
    )


def rebuild(events: Iterable[View]) -> dict[str, View]:
    """Message id -> message, from the log alone."""
    return {
        event["data"]["id"]: event["data"]
        for event in events
        if event["kind"] in {"message.posted", "message.updated"}
    }


def _answers(verdict: Verdict, truth: Truth, said: Mapping[str, str]) -> None:
    for message in truth.messages:
        if message["author"]["kind"] != "bot":
            continue
        if message["state"] == "streaming":
            verdict.wrong("stuck", f"an answer is still being written: {message['text']!r}")
        elif message["text"].startswith(BY_MODEL):
            _by_model(verdict, message, said)


def _by_model(verdict: Verdict, message: View, said: Mapping[str, str]) -> None:
    marker = message["text"].removeprefix(BY_MODEL).partition(":")[0]
    whole = said.get(marker, "")
    text = message["text"]
    # An endpoint that ran out of tokens says so, and the answer shows it by an ellipsis.
    shortened = text.endswith(" …") and whole.startswith(text.removesuffix(" …"))
    if message["state"] == "complete" and text != whole and not shortened:
        verdict.wrong("wrong_bytes", f"complete, but {text!r} is not {whole!r}")
    if message["state"] == "interrupted" and marker in said and not whole.startswith(_begun(text)):
        verdict.wrong("wrong_bytes", f"interrupted, and {text!r} is no beginning of {whole!r}")


def _begun(text: str) -> str:
    """What was written before the answer broke off; where it did so twice, it is said then that a person comes."""
    return min((text.partition(f"\n\n{said}")[0] for said in PHRASES["person"].values()), key=len)


def _silence(verdict: Verdict, conversation: str, truth: Truth) -> None:
    """While a person has the conversation, the bot neither begins nor changes anything."""
    status = "bot"
    for event in truth.events:
        if event["kind"] == "conversation.updated":
            status = event["data"]["status"]
        elif status == "human" and event["data"].get("author", {}).get("kind") == "bot":
            verdict.wrong("bot_after_takeover", f"event {event['seq']} of {conversation}")


def _client(verdict: Verdict, client: Seen, truth: Truth) -> None:
    verdict.counts.update(client.wrongs)
    held = {message["id"]: message for message in client.messages}
    for message in truth.messages:
        mine = held.pop(message["id"], None)
        if mine is None:
            verdict.wrong("lost", _not_shown(message, client, truth))
        elif any(mine.get(what) != message.get(what) for what in SHOWN):
            verdict.wrong("wrong_bytes", f"on the screen {mine['text']!r}, stored {message['text']!r}")
    for extra in held.values():
        verdict.wrong("duplicated", f"on the screen, but not stored: {extra['text']!r}")
    order = [message["seq"] for message in client.messages]
    if order != sorted(order):
        verdict.wrong("reordered", f"the screen shows {order}")


def _not_shown(message: View, client: Seen, truth: Truth) -> str:
    """Which message, and whether it came after all that the client knows of."""
    what = f"message {message['seq']} of {client.conversation}, {message['text']!r} of {message['author']}"
    last = truth.events[-1] if truth.events else {"seq": 0}
    return f"{what}, is not on the screen, which is at {client.last_seq}; the last event is {last}"
