"""The terms of an organisation's texts as they are spelt, so that a mistyped word of a question finds the one meant.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    # By bytes, so that an index finds what begins with some letters, whatever the database's collation is.
    op.execute("""
        CREATE TABLE corpus_word (
            org_id uuid NOT NULL REFERENCES organisation,
            stem text COLLATE "C" NOT NULL,
            term int NOT NULL,
            PRIMARY KEY (org_id, stem)
        )""")
    op.execute("CREATE INDEX ix_corpus_word_term ON corpus_word (org_id, term)")
    tenant_table("corpus_word")


def downgrade() -> None:
    op.execute("DROP TABLE corpus_word")
