"""Who pays for an answer, and how much each may use: the operator's defaults, or what was set in their place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.models import BudgetLimit
from app.config import Allowances, Settings, allowances
from app.conversations.messaging import ConversationUnknown
from app.kit.db import Transaction, fetch, scope
from app.kit.errors import Invalid

Kind = Literal["visitor", "address", "site", "organisation"]
KINDS = get_args(Kind)
LIMITS = "SELECT payer, site_id, allowances FROM budget_limit WHERE org_id = $1"
ASKING = """
    SELECT visitor.id, visitor.address, conversation.site_id
    FROM conversation JOIN visitor ON visitor.org_id = $1 AND visitor.id = visitor_id
    WHERE conversation.org_id = $1 AND conversation.id = $2
"""
Limits = Mapping[tuple[str, UUID | None], str]


@dataclass(frozen=True)
class Payer:
    """`subject` says which visitor, address (as a hash), site or organisation."""

    kind: str
    subject: str
    allowances: Allowances

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject

    @property
    def periods(self) -> list[str]:
        """Those that have a limit."""
        return sorted({period for period, _ in self.allowances})


async def payers_of(
    session: Transaction, settings: Settings, conversation_id: UUID | None
) -> tuple[Payer, ...]:
    """Everybody whom an answer is charged to. Raises ConversationUnknown."""
    limits = await limits_set(session)
    organisation = str(scope(session))
    everybody: list[tuple[str, str]] = [("organisation", organisation)]
    site_id = None
    if conversation_id is not None:
        found = await fetch(session, ASKING, scope(session), conversation_id)
        if not found:  # erased a moment ago
            raise ConversationUnknown
        visitor_id, address, site_id = found[0]
        everybody += [("site", str(site_id)), ("visitor", str(visitor_id))]
        if address:
            everybody.append(("address", address))
    return tuple(
        Payer(kind, subject, allowances(allowed(limits, settings, kind, site_id)))
        for kind, subject in everybody
    )


def allowed(limits: Limits, settings: Settings, kind: str, site_id: UUID | None) -> str:
    """What was set for the site, else for the organisation, else by the operator."""
    default = getattr(settings, f"budget_{kind}")
    return limits.get((kind, site_id)) or limits.get((kind, None)) or default


async def limits_set(session: Transaction) -> dict[tuple[str, UUID | None], str]:
    """(kind, site or None for the whole organisation) -> allowances."""
    found = await fetch(session, LIMITS, scope(session))
    return {(kind, site_id): text for kind, site_id, text in found}


async def set_limit(session: AsyncSession, kind: Kind, text: str, *, site_id: UUID | None = None) -> None:
    """Replaces the default. Raises Invalid for what is no budget."""
    if kind == "organisation" and site_id is not None:
        raise Invalid("The budget of the organisation is not that of one site: leave the site out.")
    try:
        allowances(text)
    except ValueError as error:
        raise Invalid(str(error)) from error
    row = {"org_id": scope(session), "payer": kind, "site_id": site_id, "allowances": text.strip()}
    statement = insert(BudgetLimit).values(row)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "payer", "site_id"], set_=row)
    )


async def reset_limit(session: AsyncSession, kind: Kind, *, site_id: UUID | None = None) -> None:
    """Back to the default."""
    this = (BudgetLimit.payer == kind) & BudgetLimit.site_id.is_not_distinct_from(site_id)
    await session.execute(delete(BudgetLimit).where(BudgetLimit.org_id == scope(session), this))
