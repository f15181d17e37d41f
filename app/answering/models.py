"""The answers' table: with each answer, why it says what it says."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.tenancy.models import TIME


class Answer(Base):
    """One row a bot message; a retry replaces it.

    `search_query` is `{text, history}`; `passages` holds what was found, best first, each with its chunk, text,
    scores and ranks, and as `n` the number under which the visitor sees it (null where it was not cited).
    `timings` are milliseconds since the question was taken up. `model` is null where the answer was quoted.
    """

    __tablename__ = "answer"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id"))
    question: Mapped[str] = mapped_column(TEXT)
    search_query: Mapped[dict[str, Any]] = mapped_column(JSONB)
    passages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    evidence: Mapped[float | None] = mapped_column()
    state: Mapped[str] = mapped_column(TEXT)
    outcome: Mapped[str | None] = mapped_column(TEXT)
    failure: Mapped[str | None] = mapped_column(TEXT)
    model: Mapped[str | None] = mapped_column(TEXT)
    prompt_version: Mapped[str | None] = mapped_column(TEXT)
    tokens_in: Mapped[int | None] = mapped_column()
    tokens_out: Mapped[int | None] = mapped_column()
    timings: Mapped[dict[str, int]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
