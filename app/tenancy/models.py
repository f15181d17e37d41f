"""Organisations, the sites they put the widget on, and the members who answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id

TIME = TIMESTAMP(timezone=True)


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Site(Base):
    """A website with the widget on it. `key` is public; `origins` are the exact origins that may use it."""

    __tablename__ = "site"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    origins: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    greeting: Mapped[str] = mapped_column(TEXT, default="How can we help you today?")
    intro: Mapped[str] = mapped_column(TEXT, default="")
    starters: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    accent: Mapped[str | None] = mapped_column(TEXT)
    language: Mapped[str] = mapped_column(TEXT, default="en")
    privacy_url: Mapped[str | None] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class Member(Base):
    """Somebody of the organisation who signs in to the console: an agent, or an admin who may do everything."""

    __tablename__ = "member"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    email: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    role: Mapped[str] = mapped_column(TEXT)
    password_hash: Mapped[str] = mapped_column(TEXT)
    last_seen_at: Mapped[datetime | None] = mapped_column(TIME)
    disabled_at: Mapped[datetime | None] = mapped_column(TIME)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class MemberSession(Base):
    __tablename__ = "member_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    token_hash: Mapped[str] = mapped_column(TEXT)
    expires_at: Mapped[datetime] = mapped_column(TIME)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
