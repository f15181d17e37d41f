"""Sources on the web: pages, sitemaps and sites, each page's standing, and the pace at which hosts are asked.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

from app.migrations.tenancy import all_rows, tenant_table

revision = "0010"
down_revision = "0009"

TABLES = ("source_page", "source", "host_pace", "source_preview")


def upgrade() -> None:
    _origins("'upload', 'seed', 'faq', 'snippet', 'web'")
    op.execute("""
        CREATE TABLE source (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            kind text NOT NULL CHECK (kind IN ('page', 'sitemap', 'site')),
            address text NOT NULL,
            prefix text NOT NULL,
            depth int NOT NULL,
            page_limit int NOT NULL,
            every text NOT NULL CHECK (every IN ('never', 'hour', 'day', 'week')),
            state text NOT NULL CHECK (state IN ('running', 'idle', 'paused')),
            run int NOT NULL,
            crawler uuid,
            capped boolean NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            next_at timestamptz,
            created_by uuid REFERENCES member,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            deleted_at timestamptz
        )""")
    op.execute("CREATE INDEX ix_source_org ON source (org_id) WHERE deleted_at IS NULL")
    op.execute("""
        CREATE TABLE source_page (
            source_id uuid NOT NULL REFERENCES source,
            url text NOT NULL,
            org_id uuid NOT NULL REFERENCES organisation,
            role text NOT NULL CHECK (role IN ('page', 'sitemap')),
            depth int NOT NULL,
            queued_run int NOT NULL,
            done_run int NOT NULL,
            tries int NOT NULL,
            state text NOT NULL CHECK (state IN ('waiting', 'stored', 'same', 'refused', 'failed', 'gone')),
            reason text,
            message text,
            document_id uuid REFERENCES document,
            title text,
            etag text,
            modified text,
            listed text,
            text_hash bytea,
            fetched_at timestamptz,
            added_at timestamptz NOT NULL,
            PRIMARY KEY (source_id, url)
        )""")
    op.execute("CREATE INDEX ix_source_page_waiting ON source_page (source_id) WHERE done_run < queued_run")
    op.execute(
        "CREATE INDEX ix_source_page_text ON source_page (org_id, text_hash) WHERE document_id IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_source_page_document ON source_page (document_id)")
    op.execute("""
        CREATE TABLE host_pace (
            org_id uuid NOT NULL REFERENCES organisation,
            host text NOT NULL,
            free_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, host)
        )""")
    # What somebody looked at before they added it; gone after a day.
    op.execute("""
        CREATE TABLE source_preview (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            wish jsonb NOT NULL,
            found jsonb NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_source_preview_org ON source_preview (org_id)")
    for table in TABLES:
        tenant_table(table)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    with all_rows("document"):
        op.execute("UPDATE document SET source = 'upload' WHERE source = 'web'")
    _origins("'upload', 'seed', 'faq', 'snippet'")


def _origins(allowed: str) -> None:
    op.execute("ALTER TABLE document DROP CONSTRAINT document_source_check")
    op.execute(f"ALTER TABLE document ADD CONSTRAINT document_source_check CHECK (source IN ({allowed}))")
