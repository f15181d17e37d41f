"""Why an answer says what it says: what was searched, found, asked of the model, and how long it took.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE answer (
            message_id uuid PRIMARY KEY REFERENCES message ON DELETE CASCADE,
            org_id uuid NOT NULL REFERENCES organisation,
            conversation_id uuid NOT NULL REFERENCES conversation ON DELETE CASCADE,
            question text NOT NULL,
            search_query jsonb NOT NULL,
            passages jsonb NOT NULL,
            evidence double precision,
            state text NOT NULL,
            outcome text,
            failure text,
            model text,
            prompt_version text,
            tokens_in integer,
            tokens_out integer,
            timings jsonb NOT NULL,
            created_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_answer_conversation ON answer (conversation_id)")
    op.execute("CREATE INDEX ix_answer_outcome ON answer (org_id, outcome, created_at DESC)")
    tenant_table("answer")


def downgrade() -> None:
    op.execute("DROP TABLE answer")
