"""Anonymous visitors: a bearer token, made when the first message is sent, stored only as a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import enter, fetch, scope, unlock
from app.kit.errors import Invalid, Unauthorised
from app.kit.ids import new_id
from app.kit.one_line import one_line
from app.kit.tokens import new_token, token_hash
from app.tenancy.models import Site
from app.visitors.models import Visitor, VisitorSession

HOLDER = "SELECT org_id FROM visitor_session WHERE token_hash = $1"
KNOWN = """
    SELECT site.*, visitor.id AS visitor_id, visitor.name AS visitor_name, held.expires_at, (
        SELECT count(*) FROM visitor_session WHERE org_id = $1 AND visitor_id = held.visitor_id AND expires_at > $3
    ) AS sessions
    FROM visitor_session AS held
    JOIN visitor ON visitor.org_id = $1 AND visitor.id = held.visitor_id JOIN site ON site.id = visitor.site_id
    WHERE held.org_id = $1 AND held.token_hash = $2
"""
# Whose tokens are, by their hashes, as far as this process has met them: that never changes, and to find it out takes
# as many round trips as all the rest. Whether a token still holds is read each time.
MOST_TOKENS = 20_000
_ORGANISATIONS: dict[str, UUID] = {}


class TokenInvalid(Unauthorised):
    """This token is not known here. Start a new session."""

    code = "token_invalid"
    title = "Unknown token"


class TokenExpired(Unauthorised):
    """This session has expired. Start a new one."""

    code = "token_expired"
    title = "Session expired"


@dataclass(frozen=True)
class KnownVisitor:
    """A visitor as the widget's door knows them. `sessions` says how many hold, as `visitor_heads` does."""

    org_id: UUID
    id: UUID
    site: Site
    name: str | None = None
    sessions: int = 1


@dataclass(frozen=True)
class StartedSession:
    token: str
    visitor_id: UUID
    expires_at: datetime


async def start_session(
    session: AsyncSession,
    site: Site,
    *,
    days: int,
    language: str | None = None,
    page: str | None = None,
    address: str | None = None,
) -> StartedSession:
    """A new visitor of `site` with a token that holds for `days`."""
    visitor = Visitor(
        id=new_id(),
        org_id=site.org_id,
        site_id=site.id,
        language=language,
        page=page,
        address=address_key(address) if address else None,
    )
    session.add(visitor)
    await session.flush()
    started = StartedSession(new_token(), visitor.id, now() + timedelta(days=days))
    session.add(
        VisitorSession(
            org_id=site.org_id,
            visitor_id=visitor.id,
            token_hash=token_hash(started.token),
            expires_at=started.expires_at,
        )
    )
    return started


def address_key(address: str) -> str:
    """An address as it is stored: told apart, and not readable."""
    return token_hash(f"address {address}")[:32]


async def known_visitor(session: AsyncSession, token: str) -> KnownVisitor:
    """Who holds this token; the transaction becomes their organisation's. Raises TokenInvalid, TokenExpired."""
    hashed, time = token_hash(token), now()
    org_id = _ORGANISATIONS.get(hashed) or await _organisation_of(session, hashed)
    await enter(session, org_id)
    found = await fetch(session, KNOWN, org_id, hashed, time)
    if not found:  # erased, or taken away
        raise TokenInvalid
    row = found[0]
    if row["expires_at"] <= time:
        raise TokenExpired
    # By name: a newer server may have added a column.
    site = Site(**{column.name: row[column.name] for column in Site.__table__.columns})
    return KnownVisitor(org_id, row["visitor_id"], site, row["visitor_name"], row["sessions"])


async def _organisation_of(session: AsyncSession, hashed: str) -> UUID:
    await unlock(session, hashed)
    held = await fetch(session, HOLDER, hashed)
    if not held:
        raise TokenInvalid
    if len(_ORGANISATIONS) >= MOST_TOKENS:
        _ORGANISATIONS.clear()
    org_id: UUID = held[0]["org_id"]
    _ORGANISATIONS[hashed] = org_id
    return org_id


async def visitor_heads(session: AsyncSession, visitor_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Visitor id -> how many sessions hold: it falls when one has ended or is taken away."""
    query = (
        select(func.count(), VisitorSession.visitor_id)
        .where(VisitorSession.org_id == scope(session), VisitorSession.expires_at > now())
        .where(VisitorSession.visitor_id.in_(visitor_ids))
        .group_by(VisitorSession.visitor_id)
    )
    held = {visitor_id: number for number, visitor_id in (await session.execute(query)).all()}
    return dict.fromkeys(visitor_ids, 0) | held


async def leave_contact(session: AsyncSession, visitor_id: UUID, *, email: str, name: str | None) -> None:
    """How to reach the visitor later. Raises Invalid for what is no e-mail address."""
    email = email.strip()
    local, _, domain = email.partition("@")
    if not local or "." not in domain or " " in email or len(email) > 254:  # noqa: PLR2004 (RFC 5321)
        raise Invalid("That does not look like an e-mail address. It should read like name@example.org.")
    mine = (Visitor.org_id == scope(session)) & (Visitor.id == visitor_id)
    line = one_line(name or "")[:200]
    await session.execute(update(Visitor).where(mine).values(email=email, name=line or None))
