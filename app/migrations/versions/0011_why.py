"""What was decided by, and the prompt as it was sent.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN decision jsonb NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE answer ADD COLUMN prompt jsonb NOT NULL DEFAULT '[]'")


def downgrade() -> None:
    op.execute("ALTER TABLE answer DROP COLUMN prompt")
    op.execute("ALTER TABLE answer DROP COLUMN decision")
