"""Visitors of a site, and the sessions by which their browsers are known."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id
from app.tenancy.models import TIME


class Visitor(Base):
    """`address` is a hash of the network address that the session began at: it is told apart, not read."""

    __tablename__ = "visitor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str | None] = mapped_column(TEXT)
    email: Mapped[str | None] = mapped_column(TEXT)
    language: Mapped[str | None] = mapped_column(TEXT)
    page: Mapped[str | None] = mapped_column(TEXT)
    address: Mapped[str | None] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class VisitorSession(Base):
    __tablename__ = "visitor_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    visitor_id: Mapped[UUID] = mapped_column(ForeignKey("visitor.id"))
    token_hash: Mapped[str] = mapped_column(TEXT)
    expires_at: Mapped[datetime] = mapped_column(TIME)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
