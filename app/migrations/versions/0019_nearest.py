"""The graph of a large organisation is walked for as many neighbours as are wanted, instead of always for 400.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"

AS_WANTED = "PERFORM set_config('hnsw.ef_search', near::text, true);"


def upgrade() -> None:
    _candidates(AS_WANTED)


def downgrade() -> None:
    _candidates()


def _candidates(first: str = "") -> None:
    op.execute(
        "SELECT '[0]'::vector"
    )  # loads pgvector, without which nobody but a superuser may name its settings
    # What is set here holds until the function ends.
    op.execute(f"""
        CREATE OR REPLACE FUNCTION large_candidates(
            question halfvec, words sparsevec, rare int[], near int, worded int
        ) RETURNS TABLE (chunk_id uuid, dense float8, lexical float8) LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path FROM CURRENT SET hnsw.ef_search = 400 SET hnsw.iterative_scan = 'strict_order'
        SET enable_seqscan = off AS $$
        BEGIN
            {first}
            RETURN QUERY EXECUTE large_statement() USING question, words, rare, near, worded;
        END $$""")
