"""Staff conversations: members as participants, mentions, edited and deleted messages with their history.

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from app.kit.ids import new_id
from app.migrations.tenancy import tenant_table

revision = "0007"
down_revision = "0006"

STATUSES = "'bot', 'waiting', 'human', 'resolved', 'spam'"
TABLES = ("organisation", "member", "conversation", "participant", "message", "event")


def upgrade() -> None:
    _conversations()
    _participants()
    _messages()
    _without_walls(_support_channels)


def _conversations() -> None:
    op.execute("""
        ALTER TABLE conversation
            ADD title text,
            ADD key text,
            ADD about_id uuid UNIQUE REFERENCES conversation""")
    # What members say among themselves waits for nobody and belongs to nobody.
    op.execute(f"""
        ALTER TABLE conversation
            DROP CONSTRAINT conversation_status_check,
            ADD CONSTRAINT conversation_status_check CHECK (status IN ({STATUSES}, 'open')),
            ADD CONSTRAINT conversation_turns CHECK (
                (kind = 'visitor') = (status <> 'open') AND (kind = 'visitor') = (visitor_id IS NOT NULL)
                AND (kind = 'visitor' OR assignee_id IS NULL)
            ),
            ADD CONSTRAINT conversation_about CHECK ((kind = 'record') = (about_id IS NOT NULL)),
            ADD CONSTRAINT conversation_title CHECK ((kind IN ('group', 'channel')) = (title IS NOT NULL)),
            ADD CONSTRAINT conversation_key UNIQUE (org_id, key)""")
    op.execute("CREATE INDEX ix_conversation_channels ON conversation (org_id) WHERE kind = 'channel'")


def _participants() -> None:
    op.execute("""
        ALTER TABLE participant
            DROP CONSTRAINT participant_pkey,
            ADD id uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
            ADD member_id uuid REFERENCES member,
            ADD muted boolean NOT NULL DEFAULT false,
            ADD joined_at timestamptz NOT NULL DEFAULT now(),
            ADD CONSTRAINT participant_side CHECK (
                side IN ('visitor', 'staff', 'member') AND (side = 'member') = (member_id IS NOT NULL)
            ),
            ADD CONSTRAINT participant_once UNIQUE NULLS NOT DISTINCT (conversation_id, side, member_id)""")
    for column in ("id", "muted", "joined_at"):
        op.execute(f"ALTER TABLE participant ALTER {column} DROP DEFAULT")
    op.execute("CREATE INDEX ix_participant_member_id ON participant (member_id)")


def _messages() -> None:
    op.execute("""
        ALTER TABLE message
            ADD mentions uuid[],
            ADD edited_at timestamptz,
            ADD deleted_at timestamptz""")
    op.execute("""
        CREATE TABLE message_revision (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            conversation_id uuid NOT NULL REFERENCES conversation,
            message_id uuid NOT NULL REFERENCES message,
            client_id uuid NOT NULL,
            text text NOT NULL,
            change text NOT NULL CHECK (change IN ('edited', 'deleted')),
            by_id uuid NOT NULL REFERENCES member,
            by_name text NOT NULL,
            created_at timestamptz NOT NULL,
            UNIQUE (message_id, client_id)
        )""")
    op.execute("CREATE INDEX ix_message_revision_conversation_id ON message_revision (conversation_id)")
    tenant_table("message_revision")


def _support_channels() -> None:
    """Every organisation gets its Support channel, with all of its members in it."""
    bind = op.get_bind()
    for (org_id,) in bind.execute(sa.text("SELECT id FROM organisation")).all():
        _support_channel(bind, org_id)


def _support_channel(bind: sa.Connection, org_id: UUID) -> None:
    values = {"id": new_id(), "org": org_id, "now": datetime.now(UTC)}
    bind.execute(
        sa.text("""
            INSERT INTO conversation (id, org_id, kind, title, key, status, last_seq, ownership_epoch, turn_seq,
                                      preview, created_at, updated_at)
            VALUES (:id, :org, 'channel', 'Support', 'channel:support', 'open', 0, 0, 0, '', :now, :now)"""),
        values,
    )
    bind.execute(
        sa.text("""
            INSERT INTO participant (id, conversation_id, side, member_id, org_id, last_read_seq, muted, joined_at)
            SELECT gen_random_uuid(), :id, 'member', id, :org, 0, false, :now FROM member WHERE org_id = :org"""),
        values,
    )


def downgrade() -> None:
    _without_walls(_forget_staff_conversations)
    op.execute("DROP INDEX ix_conversation_channels")
    op.execute("DROP TABLE message_revision")
    op.execute("ALTER TABLE message DROP mentions, DROP edited_at, DROP deleted_at")
    op.execute("""
        ALTER TABLE participant
            DROP CONSTRAINT participant_side,
            DROP CONSTRAINT participant_once,
            DROP id, DROP member_id, DROP muted, DROP joined_at,
            ADD PRIMARY KEY (conversation_id, side)""")
    op.execute(f"""
        ALTER TABLE conversation
            DROP CONSTRAINT conversation_turns,
            DROP CONSTRAINT conversation_about,
            DROP CONSTRAINT conversation_title,
            DROP CONSTRAINT conversation_key,
            DROP CONSTRAINT conversation_status_check,
            DROP title, DROP key, DROP about_id,
            ADD CONSTRAINT conversation_status_check CHECK (status IN ({STATUSES}))""")


def _forget_staff_conversations() -> None:
    among_members = "(SELECT id FROM conversation WHERE kind <> 'visitor')"
    op.execute("DELETE FROM message_revision")
    for table in ("event", "message", "participant"):
        op.execute(f"DELETE FROM {table} WHERE conversation_id IN {among_members}")  # noqa: S608 (names of ours)
    op.execute("DELETE FROM conversation WHERE kind <> 'visitor'")


def _without_walls(work: Callable[[], None]) -> None:
    """Runs `work` for all organisations: only a migration may, and only for as long as it runs."""
    tables = [*TABLES, "message_revision"]
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    work()
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
