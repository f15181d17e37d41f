"""Organisations, sites, members, visitors and their sessions.

Revision ID: 0001
Revises:
"""

from alembic import op

from app.migrations.tenancy import APP_ROLE, key_opens, shared_table, tenant_table

revision = "0001"
down_revision = None

TABLES = ("visitor_session", "visitor", "member_session", "member", "site", "organisation", "installation")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    _installation()
    _organisations()
    _members()
    _visitors()


def _installation() -> None:
    # The epoch names this life of the database: a restored backup gets a new one, so that clients start afresh.
    op.execute("""
        CREATE TABLE installation (
            id boolean PRIMARY KEY DEFAULT true CHECK (id),
            epoch text NOT NULL DEFAULT substr(md5(random()::text || clock_timestamp()::text), 1, 12),
            created_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("INSERT INTO installation DEFAULT VALUES")
    shared_table("installation")
    # The doctor compares it with the newest revision.
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")


def _organisations() -> None:
    op.execute("""
        CREATE TABLE organisation (
            id uuid PRIMARY KEY,
            slug text NOT NULL UNIQUE,
            name text NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("""
        CREATE TABLE site (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            key text NOT NULL UNIQUE,
            name text NOT NULL,
            origins text[] NOT NULL,
            greeting text NOT NULL,
            intro text NOT NULL,
            starters text[] NOT NULL,
            accent text CHECK (accent ~ '^#[0-9a-f]{6}$'),
            language text NOT NULL,
            privacy_url text,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_site_org_id ON site (org_id)")
    tenant_table("organisation")
    key_opens("organisation", "slug")
    tenant_table("site")
    key_opens("site", "key")


def _members() -> None:
    op.execute("""
        CREATE TABLE member (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            email text NOT NULL CHECK (email = lower(email)),
            name text NOT NULL,
            role text NOT NULL CHECK (role IN ('admin', 'agent')),
            password_hash text NOT NULL,
            last_seen_at timestamptz,
            disabled_at timestamptz,
            created_at timestamptz NOT NULL,
            UNIQUE (org_id, email)
        )""")
    op.execute("CREATE INDEX ix_member_email ON member (email)")
    op.execute("""
        CREATE TABLE member_session (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            member_id uuid NOT NULL REFERENCES member,
            token_hash text NOT NULL UNIQUE,
            expires_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_member_session_member_id ON member_session (member_id)")
    tenant_table("member")
    key_opens("member", "email")
    tenant_table("member_session")
    key_opens("member_session", "token_hash")


def _visitors() -> None:
    op.execute("""
        CREATE TABLE visitor (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            site_id uuid NOT NULL REFERENCES site,
            name text,
            email text,
            language text,
            page text,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_visitor_org_id ON visitor (org_id)")
    op.execute("""
        CREATE TABLE visitor_session (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            visitor_id uuid NOT NULL REFERENCES visitor,
            token_hash text NOT NULL UNIQUE,
            expires_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_visitor_session_visitor_id ON visitor_session (visitor_id)")
    tenant_table("visitor")
    tenant_table("visitor_session")
    key_opens("visitor_session", "token_hash")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
