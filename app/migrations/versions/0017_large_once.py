"""What a large organisation's index finds is compared where it is found, instead of being looked up once more.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"

# $1 the question's dense vector, $2 its words, $3 the rare ones among them, $4 and $5 how many of each to take.
ONCE = """
    WITH near AS MATERIALIZED (
        SELECT chunk_id, -(dense <#> $1), -(lexical <#> $2) FROM %1$s ORDER BY dense <#> $1 LIMIT $4
    ), worded AS MATERIALIZED (
        SELECT chunk_id, -(dense <#> $1), -(lexical <#> $2) FROM %1$s
        WHERE terms && $3 ORDER BY lexical <#> $2 LIMIT $5
    )
    SELECT * FROM near UNION SELECT * FROM worded
"""
TWICE = """
    WITH near AS MATERIALIZED (
        SELECT chunk_id FROM %1$s ORDER BY dense <#> $1 LIMIT $4
    ), worded AS MATERIALIZED (
        SELECT chunk_id FROM %1$s WHERE terms && $3 ORDER BY lexical <#> $2 LIMIT $5
    ), candidate AS MATERIALIZED (
        SELECT chunk_id FROM near UNION SELECT chunk_id FROM worded
    )
    SELECT chunk_id, -(dense <#> $1), -(lexical <#> $2)
    FROM candidate, LATERAL (
        SELECT dense, lexical FROM %1$s held WHERE held.chunk_id = candidate.chunk_id OFFSET 0
    ) AS held
"""
CANDIDATES = "large_candidates(halfvec, sparsevec, int[], int, int)"


def upgrade() -> None:
    _states(ONCE)
    # Read past the index, each chunk's terms would be compared with the question's: that costs far more than the
    # planner thinks, and more than comparing every chunk.
    op.execute(f"ALTER FUNCTION {CANDIDATES} SET enable_seqscan = off")


def downgrade() -> None:
    op.execute(f"ALTER FUNCTION {CANDIDATES} RESET enable_seqscan")
    _states(TWICE)


def _states(statement: str) -> None:
    op.execute(f"""
        CREATE OR REPLACE FUNCTION large_statement() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT format('{statement}', large_table())
        $$""")
