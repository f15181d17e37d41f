"""Files attached to messages.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

from app.migrations.tenancy import all_rows, tenant_table

revision = "0016"
down_revision = "0015"

# What a client is told of a message is the same shape, however old it is.
TOLD = """
    UPDATE event SET payload = payload || '{"attachments": []}' WHERE kind IN ('message.posted', 'message.updated')
"""
UNTOLD = "UPDATE event SET payload = payload - 'attachments' WHERE payload ? 'attachments'"


def upgrade() -> None:
    op.execute("ALTER TABLE message ADD COLUMN attachments jsonb NOT NULL DEFAULT '[]'")
    op.execute("""
        CREATE TABLE attachment (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            conversation_id uuid NOT NULL REFERENCES conversation,
            client_id uuid NOT NULL,
            message_id uuid REFERENCES message,
            uploader text NOT NULL CHECK (uploader IN ('visitor', 'agent')),
            name text NOT NULL,
            type text NOT NULL,
            size integer NOT NULL CHECK (size > 0),
            content bytea NOT NULL,
            created_at timestamptz NOT NULL,
            UNIQUE (conversation_id, client_id)
        )""")
    # Images and PDF are packed already: trying again costs time and gains nothing.
    op.execute("ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX ix_attachment_message ON attachment (message_id)")
    op.execute(
        "CREATE INDEX ix_attachment_waiting ON attachment (org_id, created_at) WHERE message_id IS NULL"
    )
    tenant_table("attachment")
    with all_rows("event"):
        op.execute(TOLD)


def downgrade() -> None:
    with all_rows("event"):
        op.execute(UNTOLD)
    op.execute("DROP TABLE attachment")
    op.execute("ALTER TABLE message DROP COLUMN attachments")
