"""The demo organisation: two members, one site, and the project's own documentation as its knowledge."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.kit.db import Database
from app.knowledge.documents import add_document
from app.knowledge.indexing import index_version
from app.knowledge.queries import waiting_versions
from app.tenancy.members import add_member
from app.tenancy.organisations import (
    OrganisationUnknown,
    create_organisation,
    create_site,
    enter_organisation,
)

ROOT = Path(__file__).resolve().parents[2]
STARTERS = ["What is Frontdesk?", "How do I put the widget on my page?", "How do I connect a language model?"]


@dataclass(frozen=True)
class SignIn:
    role: str
    email: str
    password: str


async def seed_demo(database: Database) -> list[SignIn]:
    """Makes the demo organisation and returns its sign-ins; an empty list where it exists already."""
    async with database.transaction(None) as session:
        try:
            await enter_organisation(session, "demo")
        except OrganisationUnknown:
            pass
        else:
            return []
    async with database.transaction(None) as session:
        organisation = await create_organisation(session, slug="demo", name="Frontdesk")
        await create_site(
            session,
            name="Frontdesk help",
            origins=[],
            intro="Ask in your own words. I answer from Frontdesk's own documentation and show you where it says so.",
            starters=STARTERS,
        )
        sign_ins = [
            SignIn(role, f"{role}@demo.example", secrets.token_urlsafe(9)) for role in ("admin", "agent")
        ]
        for held, name in zip(sign_ins, ("Ada Admin", "Maya Kaur"), strict=True):
            await add_member(session, email=held.email, name=name, role=held.role, password=held.password)
        for file in documentation():
            await add_document(
                session, name=file.name, content=file.read_bytes(), added_by=None, source="seed"
            )
    await index_waiting(database, organisation.id)
    return sign_ins


def documentation() -> list[Path]:
    """What is written for those who use Frontdesk, and not for those who work on it."""
    return [
        ROOT / "README.md",
        *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "architecture.md"),
    ]


async def index_waiting(database: Database, org_id: UUID) -> None:
    """Indexes here and now what a worker would do later, so that the first question finds an answer."""
    async with database.transaction(org_id) as session:
        versions = await waiting_versions(session)
    for version_id in versions:
        await index_version(database, org_id, version_id)
