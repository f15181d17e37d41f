"""Documents and their versions. A document shows its current version while the next one is being made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import now
from app.kit.db import Base
from app.kit.ids import new_id
from app.tenancy.models import TIME

# The states through which a version goes; it can fail in each but the last.
STEPS = ("queued", "parsing", "chunking", "embedding", "indexing", "ready")
UNDER_WAY = STEPS[:-1]
# Sources whose documents are told by the names of files.
FILES = ("upload", "seed")


class Document(Base):
    """`source` is where it comes from: `upload`, `seed`, `faq`, `snippet`, `web`.

    `current_version_id` is what search finds, `title` what that calls itself; null until a version is ready.
    """

    __tablename__ = "document"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(TEXT)
    title: Mapped[str | None] = mapped_column(TEXT)
    source: Mapped[str] = mapped_column(TEXT, default="upload")
    url: Mapped[str | None] = mapped_column(TEXT)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    current_version_id: Mapped[UUID | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
    updated_at: Mapped[datetime] = mapped_column(TIME, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(TIME)


class DocumentVersion(Base):
    """`timings` holds the seconds that each step took."""

    __tablename__ = "document_version"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(TEXT, default="queued")
    failure_code: Mapped[str | None] = mapped_column(TEXT)
    failure_message: Mapped[str | None] = mapped_column(TEXT)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column()
    kind: Mapped[str | None] = mapped_column(TEXT)
    mime: Mapped[str | None] = mapped_column(TEXT)
    title: Mapped[str | None] = mapped_column(TEXT)
    language: Mapped[str | None] = mapped_column(TEXT)
    pages: Mapped[int | None] = mapped_column()
    chunks: Mapped[int | None] = mapped_column()
    timings: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(TIME, default=now)
    ready_at: Mapped[datetime | None] = mapped_column(TIME)


class DocumentFile(Base):
    """The bytes as they were uploaded, kept until the version is superseded or its document deleted."""

    __tablename__ = "document_file"

    version_id: Mapped[UUID] = mapped_column(ForeignKey("document_version.id"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Chunk(Base):
    """What is found and quoted: a stretch of a version's text with its place. Vectors stand in rows of their own."""

    __tablename__ = "chunk"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("document_version.id"))
    ordinal: Mapped[int] = mapped_column()
    headings: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    page: Mapped[int | None] = mapped_column()
    question: Mapped[str | None] = mapped_column(TEXT)
    text: Mapped[str] = mapped_column(TEXT)


class Written(Base):
    """What was written in the console. `kind`: `faq` or `snippet`; `questions`: an FAQ's variants or a snippet's title.

    `language` is null where it is told by the text. What is not `active` is kept, and not searched.
    """

    __tablename__ = "written"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(TEXT)
    questions: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    text: Mapped[str] = mapped_column(TEXT)
    language: Mapped[str | None] = mapped_column(TEXT)
    active: Mapped[bool] = mapped_column(default=True)
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    updated_at: Mapped[datetime] = mapped_column(TIME, default=now, onupdate=now)
