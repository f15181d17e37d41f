"""Golden questions, and what came of them each time they were asked.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE golden_question (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            question text NOT NULL,
            source text,
            must_say text[] NOT NULL,
            must_not_say text[] NOT NULL,
            declined boolean NOT NULL,
            updated_at timestamptz NOT NULL
        )""")
    op.execute("CREATE UNIQUE INDEX uq_golden_question ON golden_question (org_id, lower(question))")
    op.execute("""
        CREATE TABLE golden_run (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            state text NOT NULL CHECK (state IN ('running', 'done', 'broken')),
            causes text[] NOT NULL,
            made_of jsonb NOT NULL,
            asked integer NOT NULL,
            started_at timestamptz NOT NULL,
            ended_at timestamptz
        )""")
    op.execute("CREATE INDEX ix_golden_run_org ON golden_run (org_id, started_at DESC)")
    op.execute("""
        CREATE TABLE golden_result (
            run_id uuid NOT NULL REFERENCES golden_run ON DELETE CASCADE,
            question_id uuid NOT NULL,
            org_id uuid NOT NULL REFERENCES organisation,
            question text NOT NULL,
            faults text[] NOT NULL,
            answer text NOT NULL,
            sources text[] NOT NULL,
            milliseconds integer NOT NULL,
            PRIMARY KEY (run_id, question_id)
        )""")
    for table in ("golden_question", "golden_run", "golden_result"):
        tenant_table(table)


def downgrade() -> None:
    for table in ("golden_result", "golden_run", "golden_question"):
        op.execute(f"DROP TABLE {table}")
