"""What an organisation has decided about its desk, and what its people were told of each conversation they got."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id
from app.tenancy.models import TIME


class DeskSetting(Base):
    """Of a site, or of the whole organisation where `site_id` is null. Texts read as app/handoff/hours.py takes them.

    `topics` go to a person at once; so does the visitor after so many answers in a row that were "I don't know", or so
    many thumbs down (0 for never).
    """

    __tablename__ = "desk_setting"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"), primary_key=True)
    hours: Mapped[str] = mapped_column(TEXT, default="")
    zone: Mapped[str] = mapped_column(TEXT, default="UTC")
    closed_on: Mapped[str] = mapped_column(TEXT, default="")
    topics: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list)
    after_unknown: Mapped[int] = mapped_column(default=2)
    after_thumbs_down: Mapped[int] = mapped_column(default=2)


class Handoff(Base):
    """A conversation that went to people, with the brief that they got."""

    __tablename__ = "handoff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    brief: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
