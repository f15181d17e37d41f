"""Conversations among members as the console shows them: their list, and one of them."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.mentions import mentionable
from app.conversations.models import Conversation, Message, Participant
from app.staff import changing, overview
from app.staff.support import CARD, Standing, standings
from app.tenancy.members import SignedIn, colleagues
from app.tenancy.models import Member
from app.web.console.pages import few
from app.web.console.said import Reader, Said, said_of
from app.web.console.talk import who

STEP = 100
MOST = 1000
PREVIEW = 120


@dataclass(frozen=True)
class Line:
    """A conversation in the list; of a colleague with whom there is none yet, `id` is theirs and `begun` False."""

    id: UUID
    title: str
    begun: bool = True
    since: datetime | None = None
    preview: str = ""
    unread: str = ""
    called: bool = False
    muted: bool = False
    joined: bool = True
    colleague: UUID | None = None
    online: bool = False


@dataclass(frozen=True)
class Called:
    """A message that calls the member, and where it leads."""

    id: UUID
    name: str
    where: str
    href: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Room:
    """The list beside every conversation."""

    calls: Sequence[Called]
    channels: Sequence[Line]
    groups: Sequence[Line]
    people: Sequence[Line]


@dataclass(frozen=True)
class Card:
    """A hand-off in the Support channel, as it stands now; without `href` where nothing is left of it."""

    who: str
    reason: str
    question: str | None
    state: str
    words: str
    since: datetime | None
    href: str | None


@dataclass(frozen=True)
class Thread:
    """`new_from` is the first message that was new when the member came; `others` could be taken into the group."""

    id: UUID
    kind: str
    title: str
    colleague: Line | None
    members: Sequence[Member]
    others: Sequence[Member]
    renamable: bool
    joined: bool
    muted: bool
    said: Sequence[Said]
    cards: Mapping[str, Card]
    names: Sequence[str]
    new_from: str | None
    since: int
    unread_to: int
    seen: bool
    more: int | None

    @property
    def fresh_id(self) -> UUID:
        """A `client_id` for the next message; the browser keeps one of its own for as long as it is not sent."""
        return uuid4()


async def room_of(session: AsyncSession, member: SignedIn, online: AbstractSet[UUID]) -> Room:
    rows = await overview.rows(session, member.id)
    people = await colleagues(session)
    lines = {kind: [_line(row, online) for row in rows if row.conversation.kind == kind] for kind in _KINDS}
    with_me = {line.colleague: line for line in lines["direct"]}
    others = [other for other in people if other.id != member.id]
    return Room(
        calls=[_called(call) for call in await overview.calls(session, member.id)],
        channels=sorted(lines["channel"], key=lambda line: (not line.joined, line.title.casefold())),
        groups=lines["group"],
        people=[with_me.get(other.id) or _person(other, online) for other in others],
    )


_KINDS = ("channel", "group", "direct")


def _line(row: overview.Row, online: AbstractSet[UUID]) -> Line:
    conversation, other = row.conversation, row.colleague
    return Line(
        id=conversation.id,
        title=conversation.title or (other.name if other else "Nobody"),
        since=conversation.updated_at if conversation.last_seq else None,
        preview=conversation.preview[:PREVIEW],
        unread=few(row.unread) if row.unread and not (row.muted and not row.mentions) else "",
        called=row.mentions > 0,
        muted=row.muted,
        joined=row.joined,
        colleague=other.id if other else None,
        online=other is not None and other.id in online,
    )


def _person(other: Member, online: AbstractSet[UUID]) -> Line:
    return Line(id=other.id, title=other.name, begun=False, colleague=other.id, online=other.id in online)


def _called(call: overview.Call) -> Called:
    conversation, message = call.conversation, call.message
    href, where = f"/console/team/{conversation.id}", conversation.title or "to you"
    if conversation.kind == "channel":
        where = f"in #{conversation.title}"
    elif conversation.kind == "group":
        where = f"in {conversation.title}"
    elif conversation.kind == "record":
        href, where = f"/console/conversations/{conversation.about_id}", "in a note"
    return Called(
        id=message.id,
        name=message.author_name or "Somebody",
        where=where,
        href=href,
        at=message.created_at,
        text=" ".join(message.text.split())[:PREVIEW],
    )


async def thread_of(
    session: AsyncSession,
    conversation: Conversation,
    member: SignedIn,
    online: AbstractSet[UUID],
    *,
    since: int | None,
    limit: int,
) -> Thread:
    """`since` is what the member had read when they came; None where they come now."""
    latest = queries.messages(session, conversation.id).order_by(None).order_by(Message.seq.desc())
    found = list((await session.scalars(latest.limit(limit + 1))).all())
    messages = found[limit - 1 :: -1] if len(found) > limit else found[::-1]
    inside = await overview.members_of(session, conversation.id)
    mark = next((mark for other, mark in inside if other.id == member.id), None)
    read = mark.last_read_seq if mark else conversation.last_seq
    since = read if since is None else since
    names = await mentionable(session, conversation)
    other = next((other for other, _ in inside if other.id != member.id), None)
    direct = conversation.kind == "direct"
    return Thread(
        id=conversation.id,
        kind=conversation.kind,
        title=conversation.title or (other.name if other else "Nobody"),
        colleague=_person(other, online) if direct and other else None,
        members=[other for other, _ in inside],
        others=await _others(session, conversation, {other.id for other, _ in inside}),
        renamable=changing.renamable(conversation),
        joined=mark is not None,
        muted=mark is not None and mark.muted,
        said=said_of(messages, {}, Reader(member, names)),
        cards=await _cards(session, messages, member),
        names=[name for id_, name in names.items() if id_ != member.id],
        new_from=_new_from(messages, member, since) if mark else None,
        since=since,
        unread_to=_unread_to(messages, member, read),
        seen=direct and _seen(messages, [mark for other, mark in inside if other.id != member.id]),
        more=min(limit + STEP, MOST) if len(found) > limit and limit < MOST else None,
    )


async def _others(
    session: AsyncSession, conversation: Conversation, inside: AbstractSet[UUID]
) -> list[Member]:
    """Who could be taken into a group."""
    if conversation.kind != "group":
        return []
    return [other for other in await colleagues(session) if other.id not in inside]


def _new_from(messages: Sequence[Message], member: SignedIn, since: int) -> str | None:
    """The first that somebody else has said since."""
    new = (said for said in messages if said.seq > since and said.text and said.author_id != member.id)
    first = next(new, None)
    return f"m-{first.id}" if first and first is not messages[0] else None


def _unread_to(messages: Sequence[Message], member: SignedIn, read: int) -> int:
    others = [said.seq for said in messages if said.seq > read and said.author_id != member.id]
    return max(others, default=0)


def _seen(messages: Sequence[Message], theirs: Sequence[Participant]) -> bool:
    return bool(messages) and any(mark.last_read_seq >= messages[-1].seq for mark in theirs)


async def _cards(session: AsyncSession, messages: Sequence[Message], member: SignedIn) -> dict[str, Card]:
    cards = [message for message in messages if (message.notice or {}).get("kind") == CARD]
    found = await standings(session, cards) if cards else {}
    latest = {(card.notice or {}).get("conversation"): card.id for card in cards}
    shown = {}
    for card in cards:
        notice = card.notice or {}
        again = latest[notice.get("conversation")] != card.id
        shown[f"m-{card.id}"] = _card(notice["reason"], found.get(card.id), member, again=again)
    return shown


def _card(reason: str, standing: Standing | None, member: SignedIn, *, again: bool) -> Card:
    if standing is None:
        return Card("A visitor", reason, None, "gone", "Erased by the visitor", None, None)
    conversation = standing.conversation
    state = "again" if again else conversation.status
    by = "you" if conversation.assignee_id == member.id else conversation.assignee_name
    words = {
        "waiting": "Waiting",
        "human": f"Taken by {by}",
        "resolved": "Resolved",
        "bot": "Back with the assistant",
        "again": "Asked again later",
    }
    return Card(
        who=who(standing.visitor),
        reason=reason,
        question=standing.question,
        state=state,
        words=words.get(state, state.capitalize()),
        since=conversation.waiting_since if state == "waiting" else None,
        href=f"/console/conversations/{conversation.id}",
    )
