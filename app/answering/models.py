"""The answers' table, with each answer why it says what it says; how the assistant is; and what answers may cost."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, DATE, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.tenancy.models import TIME


class Answer(Base):
    """One row a bot message; a retry replaces it.

    `search_query` is `{text, history, notes}`; `passages` holds what was found, best first, each with its chunk, text,
    scores and ranks, and as `n` the number under which the visitor sees it (null where it was not cited).
    `decision` is `{kind, threshold, features}` of the evidence, `prompt` the messages that the model was sent, last.
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
    decision: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(TEXT)
    outcome: Mapped[str | None] = mapped_column(TEXT)
    failure: Mapped[str | None] = mapped_column(TEXT)
    model: Mapped[str | None] = mapped_column(TEXT)
    prompt_version: Mapped[str | None] = mapped_column(TEXT)
    prompt: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    tokens_in: Mapped[int | None] = mapped_column()
    tokens_out: Mapped[int | None] = mapped_column()
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    timings: Mapped[dict[str, int]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)


class AssistantSetting(Base):
    """Of a site, or of the whole organisation where `site_id` is null. What each means is told by Assistant."""

    __tablename__ = "assistant_setting"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"), primary_key=True)
    model: Mapped[str] = mapped_column(TEXT)
    temperature: Mapped[float | None] = mapped_column()
    tone: Mapped[str] = mapped_column(TEXT)
    languages: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    instructions: Mapped[str] = mapped_column(TEXT)
    forbidden: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    changed_at: Mapped[datetime] = mapped_column(TIME)
    changed_by: Mapped[str] = mapped_column(TEXT)


class BudgetLimit(Base):
    """What an organisation has set for itself (`site_id` is null) or for one of its sites, in place of the defaults.

    `allowances` reads like `200 requests/day, 5 money/month`.
    """

    __tablename__ = "budget_limit"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    payer: Mapped[str] = mapped_column(TEXT, primary_key=True)
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"), primary_key=True)
    allowances: Mapped[str] = mapped_column(TEXT)


class BudgetUse(Base):
    """What was used up in a day or a month, `begins` being its first day in UTC. A million `micros` is one money."""

    __tablename__ = "budget_use"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    payer: Mapped[str] = mapped_column(TEXT, primary_key=True)
    subject: Mapped[str] = mapped_column(TEXT, primary_key=True)
    period: Mapped[str] = mapped_column(TEXT, primary_key=True)
    begins: Mapped[date] = mapped_column(DATE, primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    micros: Mapped[int] = mapped_column(BigInteger, default=0)


class BudgetReservation(Base):
    """What a request under way may still use, once for each payer. One that has lapsed counts no more."""

    __tablename__ = "budget_reservation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer: Mapped[str] = mapped_column(TEXT, primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    subject: Mapped[str] = mapped_column(TEXT)
    tokens: Mapped[int] = mapped_column(BigInteger)
    micros: Mapped[int] = mapped_column(BigInteger)
    lapses_at: Mapped[datetime] = mapped_column(TIME)
