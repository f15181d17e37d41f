"""What happens to organisations and their members, for the table of reactions."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class OrganisationCreated:
    org_id: UUID


@dataclass(frozen=True)
class MemberAdded:
    member_id: UUID
