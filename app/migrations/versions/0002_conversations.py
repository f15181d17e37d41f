"""The messaging core and the job queue.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from pgqueuer.adapters.persistence.schema_ddl import render_install, render_uninstall
from pgqueuer.domain.schema.declaration import target
from pgqueuer.domain.settings import DBSettings

from app.migrations.tenancy import APP_ROLE, tenant_table

revision = "0002"
down_revision = "0001"

TABLES = ("event", "message", "participant", "conversation")


def upgrade() -> None:
    _conversations()
    _messages()
    for table in TABLES:
        tenant_table(table)
    _jobs()


def _conversations() -> None:
    op.execute("""
        CREATE TABLE conversation (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            kind text NOT NULL CHECK (kind IN ('visitor', 'record', 'direct', 'group', 'channel')),
            site_id uuid REFERENCES site,
            visitor_id uuid REFERENCES visitor,
            client_id uuid,
            status text NOT NULL CHECK (status IN ('bot', 'waiting', 'human', 'resolved', 'spam')),
            assignee_id uuid REFERENCES member,
            assignee_name text,
            last_seq bigint NOT NULL,
            ownership_epoch bigint NOT NULL,
            turn_seq bigint NOT NULL,
            waiting_since timestamptz,
            waiting_reason text,
            preview text NOT NULL,
            preview_author text,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (visitor_id, client_id),
            CHECK ((status = 'human') = (assignee_id IS NOT NULL) OR status = 'resolved')
        )""")
    op.execute("CREATE INDEX ix_conversation_inbox ON conversation (org_id, status, updated_at DESC)")
    op.execute("CREATE INDEX ix_conversation_latest ON conversation (org_id, updated_at DESC)")
    op.execute("""
        CREATE TABLE participant (
            conversation_id uuid NOT NULL REFERENCES conversation,
            side text NOT NULL,
            org_id uuid NOT NULL REFERENCES organisation,
            last_read_seq bigint NOT NULL,
            PRIMARY KEY (conversation_id, side)
        )""")


def _messages() -> None:
    op.execute("""
        CREATE TABLE message (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            conversation_id uuid NOT NULL REFERENCES conversation,
            seq bigint NOT NULL,
            client_id uuid NOT NULL,
            author_kind text NOT NULL CHECK (author_kind IN ('visitor', 'bot', 'agent', 'system')),
            author_id uuid,
            author_name text,
            text text NOT NULL,
            state text NOT NULL CHECK (state IN ('complete', 'streaming', 'interrupted')),
            attempt integer NOT NULL,
            answers_seq bigint,
            outcome text CHECK (outcome IN ('answered', 'unknown', 'chat')),
            sources jsonb NOT NULL,
            notice jsonb,
            feedback text CHECK (feedback IN ('up', 'down')),
            created_at timestamptz NOT NULL,
            UNIQUE (conversation_id, client_id),
            UNIQUE (conversation_id, seq)
        )""")
    op.execute("CREATE INDEX ix_message_streaming ON message (conversation_id) WHERE state = 'streaming'")
    op.execute("""
        CREATE TABLE event (
            conversation_id uuid NOT NULL REFERENCES conversation,
            seq bigint NOT NULL,
            org_id uuid NOT NULL REFERENCES organisation,
            kind text NOT NULL,
            payload jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (conversation_id, seq)
        )""")


def _jobs() -> None:
    _script(render_install(DBSettings()))
    for table in target(DBSettings()).tables:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {table.name} TO {APP_ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    _script(render_uninstall(DBSettings()))


def _script(sql: str) -> None:
    # Several statements at once, which the driver takes only outside its prepared path.
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(sql))
