"""Jobs that the process that asks for them does itself.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

from app.migrations.tenancy import APP_ROLE

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE begun_job (
            id uuid PRIMARY KEY,
            name text NOT NULL,
            body bytea NOT NULL,
            alive_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON begun_job TO {APP_ROLE}")


def downgrade() -> None:
    # Whoever serves the older version knows only the queue.
    op.execute("""
        INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, entrypoint, payload, status)
        SELECT 0, now(), now(), now(), now(), name, body, 'queued' FROM begun_job""")
    op.execute("DROP TABLE begun_job")
