"""Knowledge written in the console: FAQ entries and snippets, each a document like any other.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

from app.migrations.tenancy import all_rows, tenant_table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _sources("'upload', 'seed', 'faq', 'snippet'")
    op.execute("""
        CREATE TABLE written (
            document_id uuid PRIMARY KEY REFERENCES document,
            org_id uuid NOT NULL REFERENCES organisation,
            kind text NOT NULL CHECK (kind IN ('faq', 'snippet')),
            questions text[] NOT NULL CHECK (cardinality(questions) > 0),
            text text NOT NULL,
            language text,
            active boolean NOT NULL,
            updated_by uuid REFERENCES member,
            updated_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX ix_written_org ON written (org_id)")
    tenant_table("written")
    op.execute("ALTER TABLE chunk ADD COLUMN question text")
    # Passages that read the same are shown once; the hash stands where the second look reads anyway.
    op.execute("ALTER TABLE chunk_pairs ADD COLUMN reads bigint")
    with all_rows("chunk_pairs", "chunk"):
        op.execute(
            "UPDATE chunk_pairs SET reads = hashtextextended(chunk.text, 0) FROM chunk WHERE chunk.id = chunk_id"
        )
    op.execute("ALTER TABLE chunk_pairs ALTER COLUMN reads SET NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE chunk_pairs DROP COLUMN reads")
    op.execute("ALTER TABLE chunk DROP COLUMN question")
    op.execute("DROP TABLE written")
    with all_rows("document"):
        op.execute("UPDATE document SET source = 'upload' WHERE source IN ('faq', 'snippet')")
    _sources("'upload', 'seed'")


def _sources(allowed: str) -> None:
    op.execute("ALTER TABLE document DROP CONSTRAINT document_source_check")
    op.execute(f"ALTER TABLE document ADD CONSTRAINT document_source_check CHECK (source IN ({allowed}))")
