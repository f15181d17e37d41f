"""What the widget's door takes and gives, as the API documentation shows it."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec


class NewSession(msgspec.Struct, forbid_unknown_fields=True):
    site: str
    language: Annotated[str, msgspec.Meta(max_length=35)] | None = None
    page: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class NewConversation(msgspec.Struct, forbid_unknown_fields=True):
    client_id: UUID


class NewMessage(msgspec.Struct, forbid_unknown_fields=True):
    """`attachments` are ids of files that were sent before, at most five. With some, `text` may be empty."""

    client_id: UUID
    text: str
    attachments: list[UUID] = []


class Read(msgspec.Struct, forbid_unknown_fields=True):
    seq: Annotated[int, msgspec.Meta(ge=0)]


class Typing(msgspec.Struct, forbid_unknown_fields=True):
    typing: bool


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    value: Literal["up", "down"] | None


class Contact(msgspec.Struct, forbid_unknown_fields=True):
    client_id: UUID
    email: Annotated[str, msgspec.Meta(max_length=254)]
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    message: Annotated[str, msgspec.Meta(max_length=5000)] | None = None


class VisitorRef(msgspec.Struct):
    id: UUID


class Session(msgspec.Struct):
    token: str
    visitor: VisitorRef
    expires_at: str


class Availability(msgspec.Struct):
    """`online`: somebody of the organisation has the console open right now. `open`: it is within the opening hours,
    null where none are set. `back_at`: when the desk opens next, if it is closed.
    """

    online: bool
    open: bool | None = None
    back_at: str | None = None


class SiteInfo(msgspec.Struct):
    """`attachment_limit`: the largest file that a message takes, in bytes."""

    key: str
    name: str
    organisation: str
    greeting: str
    intro: str
    starters: list[str]
    accent: str | None
    language: str
    privacy_url: str | None
    attachment_limit: int
    availability: Availability


class MemberName(msgspec.Struct):
    name: str | None


class AuthorInfo(msgspec.Struct):
    kind: Literal["visitor", "bot", "agent", "system"]
    name: str | None


class Source(msgspec.Struct):
    """A numbered source: `passage` is the text that the answer stands on, `place` where in the document it is."""

    n: int
    title: str
    place: str | None
    url: str | None
    passage: str


class AttachmentInfo(msgspec.Struct):
    """A file: `type` is its media type, found out from its content, `size` in bytes."""

    id: UUID
    name: str
    type: str
    size: int


class MessageInfo(msgspec.Struct):
    """An edited message has its new text; a deleted one has none, nor files, and keeps its place."""

    id: UUID
    seq: int
    client_id: UUID
    author: AuthorInfo
    text: str
    state: Literal["complete", "streaming", "interrupted"]
    attempt: int
    outcome: Literal["answered", "unknown", "chat"] | None
    sources: list[Source]
    attachments: list[AttachmentInfo]
    notice: dict[str, Any] | None
    feedback: Literal["up", "down"] | None
    edited_at: str | None
    deleted_at: str | None
    created_at: str


class ReadMarks(msgspec.Struct):
    visitor: int
    staff: int


class Standing(msgspec.Struct):
    """Whose turn it is."""

    status: Literal["bot", "waiting", "human", "resolved", "spam"]
    assignee: MemberName | None


class Snapshot(msgspec.Struct):
    id: UUID
    status: Literal["bot", "waiting", "human", "resolved", "spam"]
    assignee: MemberName | None
    epoch: str
    last_seq: int
    read: ReadMarks
    messages: list[MessageInfo]
    created_at: str
    updated_at: str


class KeptConversation(msgspec.Struct):
    id: UUID
    status: str
    created_at: str
    updated_at: str
    messages: list[MessageInfo]


class KeptVisitor(msgspec.Struct):
    """All that is held of a visitor; `page` is where they first wrote from."""

    id: UUID
    name: str | None
    email: str | None
    language: str | None
    page: str | None
    created_at: str
    conversations: list[KeptConversation]


class ConversationInfo(msgspec.Struct):
    id: UUID
    status: str
    last_seq: int
    unread: int
    preview: str
    updated_at: str


class ConversationList(msgspec.Struct):
    items: list[ConversationInfo]


class EventInfo(msgspec.Struct):
    """Kinds: message.posted, message.updated, conversation.updated, read.updated; ignore what you do not know."""

    kind: str
    seq: int
    at: str
    data: dict[str, Any]


class EventPage(msgspec.Struct):
    events: list[EventInfo]
    head: int
    epoch: str
    more: bool


class HandoffState(msgspec.Struct):
    status: str
    assignee: MemberName | None
    availability: Availability
