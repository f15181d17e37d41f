"""When people are at the desk, when a conversation goes to them by rule, and what they were told of each.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE desk_setting (
            org_id uuid NOT NULL REFERENCES organisation,
            site_id uuid REFERENCES site,
            hours text NOT NULL,
            zone text NOT NULL,
            closed_on text NOT NULL,
            topics text[] NOT NULL,
            after_unknown integer NOT NULL,
            after_thumbs_down integer NOT NULL,
            UNIQUE NULLS NOT DISTINCT (org_id, site_id)
        )""")
    op.execute("""
        CREATE TABLE handoff (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            conversation_id uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
            brief jsonb NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_handoff_conversation ON handoff (conversation_id, created_at DESC)")
    for table in ("desk_setting", "handoff"):
        tenant_table(table)


def downgrade() -> None:
    for table in ("handoff", "desk_setting"):
        op.execute(f"DROP TABLE {table}")
