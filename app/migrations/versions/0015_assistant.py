"""How an organisation wants its assistant to be, everywhere or on one of its sites.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE assistant_setting (
            org_id uuid NOT NULL REFERENCES organisation,
            site_id uuid REFERENCES site,
            model text NOT NULL,
            temperature double precision,
            tone text NOT NULL,
            languages text[] NOT NULL,
            instructions text NOT NULL,
            forbidden text[] NOT NULL,
            changed_at timestamptz NOT NULL,
            changed_by text NOT NULL,
            UNIQUE NULLS NOT DISTINCT (org_id, site_id)
        )""")
    tenant_table("assistant_setting")


def downgrade() -> None:
    op.execute("DROP TABLE assistant_setting")
