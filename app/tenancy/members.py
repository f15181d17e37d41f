"""Members and their sign-in: argon2, sessions that can be revoked, no hint which half was wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import now
from app.kit.db import enter, scope, unlock
from app.kit.errors import Conflict, Invalid, Unauthorised
from app.kit.happenings import record
from app.kit.ids import new_id
from app.kit.one_line import one_line
from app.kit.tokens import new_token, token_hash
from app.tenancy.happenings import MemberAdded
from app.tenancy.models import Member, MemberSession

MIN_PASSWORD = 10
ONLINE_FOR = timedelta(seconds=60)
_hasher = PasswordHasher()
# Checked when nobody has the address, so that the answer takes as long as for somebody who exists.
_NOBODY = _hasher.hash(new_token())


class SignInFailed(Unauthorised):
    """The e-mail address or the password is not right."""

    code = "sign_in_failed"
    title = "Sign-in failed"


class MemberUnknown(Invalid):
    """There is no such member in your organisation. Choose somebody of the list."""

    code = "member_unknown"
    title = "Unknown member"


class MemberDisabled(Conflict):
    """This account is disabled. Choose somebody else."""

    code = "member_disabled"
    title = "Disabled account"


@dataclass(frozen=True)
class SignedIn:
    """A member as the console knows them."""

    org_id: UUID
    id: UUID
    name: str
    email: str
    role: str
    session_id: UUID

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


async def add_member(session: AsyncSession, *, email: str, name: str, role: str, password: str) -> Member:
    """Raises Invalid for an unusable address, role or password, Conflict when the address is taken."""
    email = email.strip().lower()
    if "@" not in email.strip("@") or " " in email:
        raise Invalid(f"{email!r} is not an e-mail address.")
    if role not in {"admin", "agent"}:
        raise Invalid("A member's role is admin or agent.")
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"A password needs at least {MIN_PASSWORD} characters.")
    if await session.scalar(select(Member.id).where(Member.org_id == scope(session), Member.email == email)):
        raise Conflict(f"{email} is a member already.")
    hashed = await asyncio.to_thread(_hasher.hash, password)
    name = one_line(name)
    member = Member(
        id=new_id(), org_id=scope(session), email=email, name=name, role=role, password_hash=hashed
    )
    session.add(member)
    await session.flush()
    await record(session, MemberAdded(member.id))
    return member


async def set_password(session: AsyncSession, *, email: str, password: str) -> None:
    """A new password, which ends every session of that member."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"A password needs at least {MIN_PASSWORD} characters.")
    query = select(Member).where(Member.org_id == scope(session), Member.email == email.strip().lower())
    member = await session.scalar(query)
    if member is None:
        raise Invalid(f"{email} is not a member.")
    member.password_hash = await asyncio.to_thread(_hasher.hash, password)
    mine = (MemberSession.org_id == scope(session)) & (MemberSession.member_id == member.id)
    await session.execute(delete(MemberSession).where(mine))


async def sign_in(session: AsyncSession, *, email: str, password: str, days: int) -> str:
    """Starts a session and returns its token; the transaction becomes the member's organisation's.

    Somebody who is a member of several organisations signs in to the one whose password this is. Raises SignInFailed.
    """
    await unlock(session, email.strip().lower())
    query = select(Member).where(Member.email == email.strip().lower(), Member.disabled_at.is_(None))
    for member in (await session.scalars(query)).all():
        if await _matches(member.password_hash, password):
            await enter(session, member.org_id)
            return _start(session, member, days)
    await _matches(_NOBODY, password)
    raise SignInFailed


def _start(session: AsyncSession, member: Member, days: int) -> str:
    token = new_token()
    session.add(
        MemberSession(
            org_id=member.org_id,
            member_id=member.id,
            token_hash=token_hash(token),
            expires_at=now() + timedelta(days=days),
        )
    )
    return token


async def signed_in(session: AsyncSession, token: str) -> SignedIn:
    """Who holds this token; the transaction becomes their organisation's. Raises Unauthorised."""
    await unlock(session, token_hash(token))
    held = await session.scalar(select(MemberSession).where(MemberSession.token_hash == token_hash(token)))
    if held is None or held.expires_at <= now():
        raise Unauthorised("Your session has ended. Sign in again.")
    await enter(session, held.org_id)
    member = await session.get_one(Member, held.member_id)
    if member.disabled_at is not None:
        raise Unauthorised("This account is disabled. Ask an admin of your organisation.")
    return SignedIn(member.org_id, member.id, member.name, member.email, member.role, held.id)


async def sign_out(session: AsyncSession, session_id: UUID) -> None:
    mine = (MemberSession.org_id == scope(session)) & (MemberSession.id == session_id)
    await session.execute(delete(MemberSession).where(mine))


async def member_heads(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, tuple[object, ...]]:
    """Member id -> a value that differs once a session has ended or the account is disabled."""
    holds = (MemberSession.member_id == Member.id) & (MemberSession.expires_at > now())
    query = (
        select(Member.id, Member.disabled_at, func.count(MemberSession.id))
        .outerjoin(MemberSession, holds)
        .where(Member.org_id == scope(session), Member.id.in_(member_ids))
        .group_by(Member.id)
    )
    return {row[0]: tuple(row[1:]) for row in (await session.execute(query)).all()}


async def colleague(session: AsyncSession, member_id: UUID) -> Member:
    """A member who can be given work. Raises MemberUnknown, MemberDisabled."""
    query = select(Member).where(Member.org_id == scope(session), Member.id == member_id)
    member = await session.scalar(query)
    if member is None:
        raise MemberUnknown
    if member.disabled_at is not None:
        raise MemberDisabled(f"{member.name}'s account is disabled. Choose somebody else.")
    return member


async def seen(session: AsyncSession, member_id: UUID) -> None:
    """Notes that a member has the console open."""
    mine = (Member.org_id == scope(session)) & (Member.id == member_id)
    await session.execute(update(Member).where(mine).values(last_seen_at=now()))


async def colleagues(session: AsyncSession) -> Sequence[Member]:
    """Everybody who can sign in, in alphabetical order."""
    query = select(Member).where(Member.org_id == scope(session), Member.disabled_at.is_(None))
    return (await session.scalars(query.order_by(Member.name, Member.id))).all()


def is_online(member: Member) -> bool:
    """Whether they have the console open."""
    return member.last_seen_at is not None and member.last_seen_at > now() - ONLINE_FOR


async def online_count(session: AsyncSession) -> int:
    """How many members have the console open."""
    query = select(func.count()).where(
        Member.org_id == scope(session),
        Member.disabled_at.is_(None),
        Member.last_seen_at > now() - ONLINE_FOR,
    )
    return await session.scalar(query) or 0


async def _matches(hashed: str, password: str) -> bool:
    try:
        return await asyncio.to_thread(_hasher.verify, hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
