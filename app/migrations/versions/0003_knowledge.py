"""Documents, their versions, and what is searched: passages, vectors and document frequencies.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0003"
down_revision = "0002"

TABLES = (
    "corpus_term",
    "corpus",
    "chunk_vector",
    "chunk_pairs",
    "chunk",
    "version_terms",
    "document_file",
    "document_version",
    "document",
)


def upgrade() -> None:
    _documents()
    _chunks()
    _statistics()
    for table in TABLES:
        tenant_table(table)


def _documents() -> None:
    op.execute("""
        CREATE TABLE document (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            name text NOT NULL,
            title text,
            source text NOT NULL CHECK (source IN ('upload', 'seed')),
            url text,
            created_by uuid REFERENCES member,
            current_version_id uuid,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            deleted_at timestamptz
        )""")
    # Partial, so that looking a document up by its id can never be taken for reading all of an organisation's.
    op.execute("CREATE INDEX ix_document_org ON document (org_id, updated_at DESC) WHERE deleted_at IS NULL")
    op.execute("""
        CREATE TABLE document_version (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            document_id uuid NOT NULL REFERENCES document,
            number int NOT NULL,
            state text NOT NULL CHECK (state IN
                ('queued', 'parsing', 'chunking', 'embedding', 'indexing', 'ready', 'failed', 'superseded')),
            failure_code text,
            failure_message text,
            sha256 bytea NOT NULL,
            size int NOT NULL,
            kind text,
            mime text,
            title text,
            language text,
            pages int,
            chunks int,
            timings jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            ready_at timestamptz,
            UNIQUE (document_id, number),
            CHECK ((state = 'failed') = (failure_code IS NOT NULL))
        )""")
    op.execute("CREATE INDEX ix_document_version_content ON document_version (org_id, sha256)")
    op.execute("""
        CREATE TABLE document_file (
            version_id uuid PRIMARY KEY REFERENCES document_version,
            org_id uuid NOT NULL REFERENCES organisation,
            content bytea NOT NULL
        )""")


def _chunks() -> None:
    op.execute("""
        CREATE TABLE chunk (
            id uuid PRIMARY KEY,
            org_id uuid NOT NULL REFERENCES organisation,
            document_id uuid NOT NULL REFERENCES document,
            version_id uuid NOT NULL REFERENCES document_version,
            ordinal int NOT NULL,
            headings text[] NOT NULL,
            page int,
            text text NOT NULL,
            UNIQUE (version_id, ordinal)
        )""")
    # Narrow rows, and in line: a search reads all of an organisation's, and fetching values out of line is slow.
    op.execute("""
        CREATE TABLE chunk_vector (
            org_id uuid NOT NULL REFERENCES organisation,
            chunk_id uuid NOT NULL,
            version_id uuid NOT NULL,
            dense halfvec(256) NOT NULL,
            lexical sparsevec(1000000000) NOT NULL,
            PRIMARY KEY (org_id, chunk_id)
        ) WITH (toast_tuple_target = 8160)""")
    op.execute("CREATE INDEX ix_chunk_vector_version ON chunk_vector (version_id)")
    # Read for the best candidates alone, so they stay out of the rows that every search scans.
    op.execute("""
        CREATE TABLE chunk_pairs (
            org_id uuid NOT NULL REFERENCES organisation,
            chunk_id uuid NOT NULL,
            version_id uuid NOT NULL,
            pairs sparsevec(1000000000) NOT NULL,
            PRIMARY KEY (org_id, chunk_id)
        ) WITH (toast_tuple_target = 8160)""")
    op.execute("CREATE INDEX ix_chunk_pairs_version ON chunk_pairs (version_id)")


def _statistics() -> None:
    # In how many of a version's chunks each term stands: added at publication, taken away at retirement.
    op.execute("""
        CREATE TABLE version_terms (
            version_id uuid PRIMARY KEY REFERENCES document_version,
            org_id uuid NOT NULL REFERENCES organisation,
            terms int[] NOT NULL,
            counts int[] NOT NULL
        )""")
    op.execute("""
        CREATE TABLE corpus (
            org_id uuid NOT NULL REFERENCES organisation,
            language text NOT NULL,
            chunks int NOT NULL,
            terms bigint NOT NULL,
            PRIMARY KEY (org_id, language)
        )""")
    op.execute("""
        CREATE TABLE corpus_term (
            org_id uuid NOT NULL REFERENCES organisation,
            term int NOT NULL,
            chunks int NOT NULL,
            PRIMARY KEY (org_id, term)
        ) WITH (fillfactor = 80)""")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
