"""Two walls between organisations, and sign-in."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError

from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.kit.errors import Conflict, Invalid, Unauthorised
from app.tenancy import members
from app.tenancy.organisations import SiteUnknown, check_origin, create_site, enter_site
from app.visitors.sessions import TokenExpired, TokenInvalid, known_visitor, start_session
from tests.factories import PASSWORD, create_agent

TENANT_TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND (c.relname = 'organisation' OR EXISTS (
        SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped))
"""
# Tables without an organisation, each with the reason why it has none.
SHARED = {
    "installation": "one row about this database",
    "alembic_version": "the schema's version",
    "pgqueuer": "jobs name ids only; the handler opens the organisation's transaction",
    "begun_job": "jobs name ids only; the handler opens the organisation's transaction",
    "pgqueuer_log": "what became of jobs",
    "pgqueuer_schedules": "nobody's",
    "pgqueuer_statistics": "numbers of jobs",
}


async def test_every_table_with_an_organisation_has_forced_row_security(database: Database) -> None:
    async with database.transaction(None) as session:
        found = (await session.execute(text(TENANT_TABLES))).all()
        tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        everything = set((await session.scalars(text(tables))).all())
    assert len(found) >= 8
    assert [row for row in found if not (row.relrowsecurity and row.relforcerowsecurity)] == []
    assert everything - {row.relname for row in found} == set(SHARED)


async def test_the_applications_role_owns_nothing_and_bypasses_nothing(database: Database) -> None:
    async with database.transaction(None) as session:
        role = (
            await session.execute(
                text("SELECT current_user, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
        # Temporary tables go with their connection.
        query = (
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole AND relpersistence <> 't'"
        )
        owned = await session.scalar(text(query))
    assert tuple(role) == ("frontdesk_app", False, False)
    assert owned == 0


async def test_without_an_organisation_nothing_can_be_seen_or_written(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        await create_agent(session)
    async with database.transaction(None) as session:
        assert await session.scalar(text("SELECT count(*) FROM member")) == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction(None) as session:
            insert = "INSERT INTO organisation VALUES (:id, 'intruder', 'Intruder', now())"
            await session.execute(text(insert), {"id": org_id})


async def test_the_owner_is_held_by_the_policy_too(database_urls: tuple[URL, URL], org_id: UUID) -> None:
    owner = Database(database_urls[0], role=None)
    async with owner.transaction(None) as session:
        assert await session.scalar(text("SELECT count(*) FROM organisation")) == 0
    await owner.close()


async def test_a_key_opens_its_own_row_only(database: Database, org_id: UUID, other_org_id: UUID) -> None:
    keys = {}
    for owner in (org_id, other_org_id):
        async with database.transaction(owner) as session:
            keys[owner] = (await create_site(session, name="Help", origins=[])).key
    async with database.transaction(None) as session:
        site = await enter_site(session, keys[org_id])
        assert site.org_id == org_id
        assert await session.scalar(text("SELECT count(*) FROM site")) == 1
    async with database.transaction(None) as session:
        with pytest.raises(SiteUnknown):
            await enter_site(session, "site_0000000000000000")


async def test_sign_in_and_out(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        agent = await create_agent(session)
    async with database.transaction(None) as session:
        token = await members.sign_in(session, email=agent.email.upper(), password=PASSWORD, days=1)
    async with database.transaction(None) as session:
        known = await members.signed_in(session, token)
        assert (known.org_id, known.id, known.role) == (org_id, agent.id, "agent")
        await members.sign_out(session, known.session_id)
    async with database.transaction(None) as session:
        with pytest.raises(Unauthorised):
            await members.signed_in(session, token)


@pytest.mark.parametrize(
    ("email", "password"), [("nobody@northwind.example", PASSWORD), (None, "wrong password")]
)
async def test_a_failed_sign_in_does_not_say_which_half_was_wrong(
    database: Database, org_id: UUID, email: str | None, password: str
) -> None:
    async with database.transaction(org_id) as session:
        agent = await create_agent(session)
    async with database.transaction(None) as session:
        with pytest.raises(members.SignInFailed, match="The e-mail address or the password is not right"):
            await members.sign_in(session, email=email or agent.email, password=password, days=1)


@pytest.mark.parametrize(
    ("email", "role", "password", "error"),
    [
        ("no-address", "agent", PASSWORD, "not an e-mail address"),
        ("a@b.example", "king", PASSWORD, "admin or agent"),
        ("a@b.example", "agent", "short", "at least 10"),
    ],
)
async def test_an_unusable_member_is_refused_with_what_to_do(
    database: Database, org_id: UUID, email: str, role: str, password: str, error: str
) -> None:
    async with database.transaction(org_id) as session:
        with pytest.raises(Invalid, match=error):
            await members.add_member(session, email=email, name="A", role=role, password=password)


async def test_an_address_is_a_member_once(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        agent = await create_agent(session)
        with pytest.raises(Conflict):
            await members.add_member(
                session, email=agent.email, name="Again", role="agent", password=PASSWORD
            )


async def test_only_the_sites_origins_may_use_its_key(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Help", origins=["https://shop.example"])
    check_origin(site, "https://shop.example", own="https://desk.example")
    check_origin(site, "https://desk.example", own="https://desk.example")
    for foreign in (
        "https://shop.example.evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "null",
    ):
        with pytest.raises(Exception, match="may not use this site's key"):
            check_origin(site, foreign, own="https://desk.example")


async def test_a_members_name_stays_on_one_line_and_reads_as_it_was_written(
    database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        member = await create_agent(session, "Ann\r\n\x1b[31m \u202eeiL می\u200cخواهم")
    assert member.name == "Ann [31m eiL می\u200cخواهم"


async def test_a_token_that_was_known_is_looked_at_each_time(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[])
        [expired, away] = [await start_session(session, site, days=1) for _ in range(2)]
    for started in (expired, away):
        async with database.transaction(None) as session:
            assert (await known_visitor(session, started.token)).id == started.visitor_id
    async with database.transaction(org_id) as session:
        for change, of in (
            ("UPDATE visitor_session SET expires_at = now() WHERE visitor_id = :id", expired),
            ("DELETE FROM visitor_session WHERE visitor_id = :id", away),
        ):
            await session.execute(text(change), {"id": of.visitor_id})
    for started, refused in ((expired, TokenExpired), (away, TokenInvalid)):
        with pytest.raises(refused):
            async with database.transaction(None) as session:
                await known_visitor(session, started.token)


async def test_a_server_goes_on_beside_a_newer_one(
    database: Database, cluster: EmbeddedDatabase, org_id: UUID
) -> None:
    """The newer one has migrated: a site may have a column of which this one knows nothing."""
    url = asyncpg_url(cluster.owner_url).set(database=database.url.database)
    owner = Database(url, role=None)
    try:
        async with owner.transaction(org_id) as session:
            site = await create_site(session, name="Northwind help", origins=[])
            started = await start_session(session, site, days=1)
            await session.execute(text("ALTER TABLE site ADD COLUMN later text NOT NULL DEFAULT 'later'"))
            known = await known_visitor(session, started.token)
            assert (known.id, known.site.origins) == (started.visitor_id, [])
            await session.rollback()
    finally:
        await owner.close()
