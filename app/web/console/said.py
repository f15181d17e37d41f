"""One message as the console shows it, in a visitor's conversation and among members."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from markupsafe import Markup, escape

from app.conversations.editing import is_own, may_delete
from app.conversations.mentions import mentions_in
from app.conversations.models import Message
from app.realtime.drafts import Draft
from app.tenancy.members import SignedIn
from app.web.console.files import Shown, shown
from app.web.console.markdown import answer_html


@dataclass(frozen=True)
class Reader:
    """For whom messages are shown; `names` are those whom they may mention."""

    member: SignedIn
    names: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """One message. `leads` where its author speaks for the first time in a row. `html`: the bot's words, and those
    that mention somebody. The reader may edit their `own`.
    """

    id: str
    seq: int
    kind: str
    name: str
    leads: bool
    at: datetime
    text: str
    html: Markup | None
    state: str
    attempt: int
    outcome: str | None
    feedback: str | None
    sources: Sequence[Mapping[str, Any]]
    files: Sequence[Shown]
    notice: str | None
    own: bool
    may_delete: bool
    edited: bool
    deleted: bool

    @property
    def fresh_id(self) -> UUID:
        """A `client_id` for an edit."""
        return uuid4()

    @property
    def message_id(self) -> str:
        return self.id[2:]


def said_of(
    messages: Iterable[Message], drafts: Mapping[UUID, Draft], reader: Reader, *, notes: bool = False
) -> list[Said]:
    """Messages in their order; `notes` among them stand beside a visitor's conversation."""
    found: list[Said] = []
    before: tuple[object, ...] | None = None
    for message in messages:
        kind = "note" if notes and message.mentions is not None else message.author_kind
        author = (kind, message.author_id)
        found.append(_one(message, drafts.get(message.id), reader, kind=kind, leads=author != before))
        before = author
    return found


def _one(message: Message, draft: Draft | None, reader: Reader, *, kind: str, leads: bool) -> Said:
    streaming = message.state == "streaming"
    text = draft.text if draft and streaming and draft.attempt == message.attempt else message.text
    return Said(
        id=f"m-{message.id}",
        seq=message.seq,
        kind=kind,
        name=name_of(message),
        leads=leads,
        at=message.created_at,
        text=text,
        html=None if streaming else _html(message, reader),
        state=message.state,
        attempt=message.attempt,
        outcome=message.outcome,
        feedback=message.feedback,
        sources=message.sources,
        files=list(map(shown, message.attachments)),
        notice=notice_of(message.notice) if message.notice else None,
        own=is_own(message, reader.member.id),
        may_delete=may_delete(message, reader.member) and not (message.deleted_at or streaming),
        edited=message.edited_at is not None,
        deleted=message.deleted_at is not None,
    )


def _html(message: Message, reader: Reader) -> Markup | None:
    if message.author_kind == "bot":
        return answer_html(message.text, anchor=f"s-{message.id}")
    return with_mentions(message.text, reader) if message.mentions else None


def with_mentions(text: str, reader: Reader) -> Markup:
    """The text with everybody set apart whom it calls, the reader most of all."""
    marked, end = Markup(), 0
    for mention in mentions_in(text, reader.names):
        mine = " me" if reader.member.id in mention.member_ids else ""
        marked += escape(text[end : mention.start])
        marked += Markup('<span class="called{}">{}</span>').format(mine, text[mention.start : mention.end])
        end = mention.end
    return marked + escape(text[end:])


def name_of(message: Message) -> str:
    if message.author_kind == "bot":
        return "Assistant"
    return message.author_name or ("Visitor" if message.author_kind == "visitor" else "")


def notice_of(notice: Mapping[str, Any]) -> str:
    name = notice.get("name") or "Somebody"
    sentences = {
        "handoff_requested": "Asked for a person",
        "claimed": f"{name} took over",
        "handed_back": f"{name} handed back to the assistant",
        "resolved": f"Resolved by {name}",
        "reopened": "The visitor wrote again",
        "contact_left": f"Left an e-mail address: {name}",
        "transferred": f"{notice.get('by') or 'Somebody'} passed it on to {name}",
        "returned_to_queue": f"{name} {'was away: it is' if notice.get('away') else 'put it'} back in the queue",
        "joined": f"{name} joined",
        "left": f"{name} left",
        "added": f"{notice.get('by') or 'Somebody'} took {name} in",
        "renamed": f"{name} named it {notice.get('title') or 'anew'}",
    }
    kind = str(notice.get("kind", ""))
    return sentences.get(kind, kind.replace("_", " ").capitalize())
