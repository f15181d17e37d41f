"""Which embedder made an organisation's vectors, and a second index beside the first while another one takes over.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE chunk_vector ALTER COLUMN dense TYPE halfvec")
    # No row: the embedder that Frontdesk brings along.
    op.execute("""
        CREATE TABLE search_index (
            org_id uuid PRIMARY KEY REFERENCES organisation,
            embedder text NOT NULL,
            dimensions int NOT NULL,
            switched_at timestamptz NOT NULL
        )""")
    op.execute("""
        CREATE TABLE next_index (
            org_id uuid PRIMARY KEY REFERENCES organisation,
            embedder text NOT NULL,
            failure text,
            started_at timestamptz NOT NULL
        )""")
    op.execute("""
        CREATE TABLE next_vector (
            org_id uuid NOT NULL REFERENCES organisation,
            chunk_id uuid NOT NULL,
            dense halfvec NOT NULL,
            PRIMARY KEY (org_id, chunk_id)
        ) WITH (toast_tuple_target = 8160)""")
    for table in ("search_index", "next_index", "next_vector"):
        tenant_table(table)


def downgrade() -> None:
    op.execute("DROP TABLE next_vector")
    op.execute("DROP TABLE next_index")
    op.execute("DROP TABLE search_index")
    op.execute("ALTER TABLE chunk_vector ALTER COLUMN dense TYPE halfvec(256)")
