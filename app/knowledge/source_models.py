"""Sources on the web, and how each of their pages stands."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id
from app.tenancy.models import TIME


class Source(Base):
    """`kind` is `page`, `sitemap` or `site`, which is crawled from `address` and stays below `prefix`.

    `run` counts its fetches. `state` is `running`, `idle` or `paused`; `crawler` is the job that fetches now, and the
    only one whose results count. `capped`: this run found more pages than `page_limit`. `private`: the operator
    said that its host may be read although it is of this machine or its network.
    """

    __tablename__ = "source"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(TEXT)
    address: Mapped[str] = mapped_column(TEXT)
    prefix: Mapped[str] = mapped_column(TEXT)
    depth: Mapped[int] = mapped_column()
    page_limit: Mapped[int] = mapped_column()
    every: Mapped[str] = mapped_column(TEXT)
    private: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(TEXT, default="idle")
    run: Mapped[int] = mapped_column(default=0)
    crawler: Mapped[UUID | None] = mapped_column()
    capped: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime | None] = mapped_column(TIME)
    finished_at: Mapped[datetime | None] = mapped_column(TIME)
    next_at: Mapped[datetime | None] = mapped_column(TIME)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
    updated_at: Mapped[datetime] = mapped_column(TIME, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(TIME)


class SourcePage(Base):
    """An address of a source. It waits while `done_run` is behind `queued_run`.

    `state` tells what became of it: `stored`, `same` as another page, `refused` (`reason` says why, `message` what to
    do), `failed` for now, or `gone`. `listed` is the change that its sitemap states; `etag` and `modified` the
    server's; `text_hash` tells whether its text has changed.
    """

    __tablename__ = "source_page"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("source.id"), primary_key=True)
    url: Mapped[str] = mapped_column(TEXT, primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(TEXT, default="page")
    depth: Mapped[int] = mapped_column(default=0)
    queued_run: Mapped[int] = mapped_column()
    done_run: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(TEXT, default="waiting")
    reason: Mapped[str | None] = mapped_column(TEXT)
    message: Mapped[str | None] = mapped_column(TEXT)
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    title: Mapped[str | None] = mapped_column(TEXT)
    etag: Mapped[str | None] = mapped_column(TEXT)
    modified: Mapped[str | None] = mapped_column(TEXT)
    listed: Mapped[str | None] = mapped_column(TEXT)
    text_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    fetched_at: Mapped[datetime | None] = mapped_column(TIME)
    added_at: Mapped[datetime] = mapped_column(TIME, default=now)


class HostPace(Base):
    """When a host may be asked next."""

    __tablename__ = "host_pace"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    host: Mapped[str] = mapped_column(TEXT, primary_key=True)
    free_at: Mapped[datetime] = mapped_column(TIME)


class SourcePreview(Base):
    """What would be fetched, looked up before a source is added. `wish` and `found` as in app/knowledge/preview.py."""

    __tablename__ = "source_preview"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    wish: Mapped[dict[str, Any]] = mapped_column(JSONB)
    found: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
