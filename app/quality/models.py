"""The golden questions' tables: what is asked again and again, each time that was done, and what came of it."""

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


class GoldenQuestion(Base):
    """`source` is a part of the name, title or address of the document that the answer should cite, if that matters.

    `declined`: the right answer is to say that it is not known.
    """

    __tablename__ = "golden_question"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    question: Mapped[str] = mapped_column(TEXT)
    source: Mapped[str | None] = mapped_column(TEXT)
    must_say: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    must_not_say: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    declined: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime] = mapped_column(TIME, default=now, onupdate=now)


class GoldenRun(Base):
    """One replay of all questions. `state` is running, done or broken; `causes` are why it was made.

    `made_of` is what answers were made of (model, prompt, knowledge), each as something that differs once it changes.
    """

    __tablename__ = "golden_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(TEXT, default="running")
    causes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    made_of: Mapped[dict[str, Any]] = mapped_column(JSONB)
    asked: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column(TIME, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(TIME)


class GoldenResult(Base):
    """What one question got in one run; it outlives the question. No `faults`: it passed."""

    __tablename__ = "golden_result"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("golden_run.id"), primary_key=True)
    question_id: Mapped[UUID] = mapped_column(primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    question: Mapped[str] = mapped_column(TEXT)
    faults: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    answer: Mapped[str] = mapped_column(TEXT)
    sources: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    milliseconds: Mapped[int] = mapped_column()
