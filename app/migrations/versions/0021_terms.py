"""The numbers of a chunk's terms stand where the second look reads anyway, in the form in which they are sent.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

from app.migrations.tenancy import all_rows

revision = "0021"
down_revision = "0020"

# In a sparse vector's binary form numbers come after twelve bytes and before as many weights, four bytes each.
TERMS = "substring(sparsevec_send(lexical) FROM 13 FOR (length(sparsevec_send(lexical)) - 12) / 2)"


def upgrade() -> None:
    op.execute("ALTER TABLE chunk_pairs ADD COLUMN terms bytea")
    with all_rows("chunk_pairs", "chunk_vector"):
        op.execute(f"""
            UPDATE chunk_pairs SET terms = {TERMS} FROM chunk_vector vector
            WHERE vector.org_id = chunk_pairs.org_id AND vector.chunk_id = chunk_pairs.chunk_id""")  # noqa: S608 - a constant
    op.execute("ALTER TABLE chunk_pairs ALTER COLUMN terms SET NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE chunk_pairs DROP COLUMN terms")
