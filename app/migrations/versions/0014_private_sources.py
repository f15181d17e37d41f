"""Sources of this machine's network, which the operator allowed when he added them.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE source ADD COLUMN private boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    op.execute("ALTER TABLE source DROP COLUMN private")
