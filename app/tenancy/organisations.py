"""Organisations and their sites."""

import re
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Transaction, enter, fetch, scope, unlock
from app.kit.errors import Forbidden, Invalid, NotFound
from app.kit.happenings import record
from app.kit.ids import new_id
from app.tenancy.happenings import OrganisationCreated
from app.tenancy.models import Organisation, Site

MOST_GREETING = 200


class SiteUnknown(NotFound):
    """There is no site with this key. Copy the snippet again from the console's settings, or check data-site."""

    code = "site_unknown"
    title = "Unknown site key"


class OriginForbidden(Forbidden):
    """This website may not use this key. Add its address to the site's origins."""

    code = "origin_forbidden"
    title = "Origin not allowed"


class OrganisationUnknown(NotFound):
    """There is no organisation of this name."""

    code = "organisation_unknown"
    title = "Unknown organisation"


async def create_organisation(session: AsyncSession, *, slug: str, name: str) -> Organisation:
    """Creates an organisation and makes this transaction its own."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", slug):
        raise Invalid("An organisation's short name takes lower-case letters, digits and hyphens.")
    organisation = Organisation(id=new_id(), slug=slug, name=name)
    await enter(session, organisation.id)
    session.add(organisation)
    await session.flush()
    await record(session, OrganisationCreated(organisation.id))
    return organisation


async def enter_organisation(session: AsyncSession, slug: str) -> Organisation:
    """Makes this transaction that of the organisation called `slug`. Raises OrganisationUnknown."""
    await unlock(session, slug)
    organisation = await session.scalar(select(Organisation).where(Organisation.slug == slug))
    if organisation is None:
        raise OrganisationUnknown(
            f"There is no organisation {slug!r}. Run `frontdesk seed` to make the demo one."
        )
    await enter(session, organisation.id)
    return organisation


async def create_site(session: AsyncSession, *, name: str, origins: Sequence[str], **look: object) -> Site:
    site = Site(
        id=new_id(),
        org_id=scope(session),
        key=f"site_{secrets.token_hex(8)}",
        name=name,
        origins=list(origins),
        **look,
    )
    session.add(site)
    await session.flush()
    return site


async def enter_site(session: AsyncSession, key: str) -> Site:
    """Makes this transaction that of the organisation whose site has this key. Raises SiteUnknown."""
    await unlock(session, key)
    site = await session.scalar(select(Site).where(Site.key == key))
    if site is None:
        raise SiteUnknown
    await enter(session, site.org_id)
    return site


async def organisation_name(session: Transaction) -> str:
    [row] = await fetch(session, "SELECT name FROM organisation WHERE id = $1", scope(session))
    return str(row["name"])


async def first_site(session: AsyncSession) -> Site:
    query = select(Site).where(Site.org_id == scope(session)).order_by(Site.created_at, Site.id).limit(1)
    return (await session.scalars(query)).one()


async def sites(session: AsyncSession) -> Sequence[Site]:
    query = select(Site).where(Site.org_id == scope(session)).order_by(Site.created_at, Site.id)
    return (await session.scalars(query)).all()


async def site_of_key(session: AsyncSession, key: str) -> Site:
    """A site of this organisation. Raises SiteUnknown."""
    site = await session.scalar(select(Site).where(Site.org_id == scope(session), Site.key == key))
    if site is None:
        raise SiteUnknown(f"This organisation has no site with the key {key}.")
    return site


async def set_greeting(session: AsyncSession, site: Site, greeting: str) -> None:
    """What the widget says before anybody has asked. Raises Invalid."""
    said = " ".join(greeting.split())
    if not 1 <= len(said) <= MOST_GREETING:
        raise Invalid(f"A greeting is a sentence of 1 to {MOST_GREETING} characters.")
    site.greeting = said
    await session.flush()


def check_origin(site: Site, origin: str | None, *, own: str) -> None:
    """A browser says where its page is from; that must be one of the site's origins, or this server itself.

    No protection against anything but a browser: programs say what they like. Raises OriginForbidden.
    """
    if origin is not None and origin != own and origin not in site.origins:
        raise OriginForbidden(
            f"{origin} may not use this site's key. An admin can add it to the site's origins."
        )
