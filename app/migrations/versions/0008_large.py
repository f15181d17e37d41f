"""A copy of a large organisation's vectors with indexes of its own, which only functions of the owner can touch.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from app.migrations.tenancy import APP_ROLE, tenant_table

revision = "0008"
down_revision = "0007"

# Every one works for the transaction's organisation alone, which is the wall that row-level security is elsewhere: its
# table is found by that organisation's id, and no other can be named.
FUNCTIONS = (
    "large_build()",
    "large_refresh()",
    "large_add(uuid)",
    "large_take(uuid)",
    "large_candidates(halfvec, sparsevec, int[], int, int)",
    "large_drop()",
    "large_statement()",
    "large_table()",
    "own_org()",
    "sparse_terms(sparsevec)",
)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE large_index (
            org_id uuid PRIMARY KEY REFERENCES organisation,
            state text NOT NULL CHECK (state IN ('building', 'ready')),
            changed_at timestamptz NOT NULL
        )""")
    tenant_table("large_index")
    op.execute("CREATE SCHEMA large")
    op.execute("SELECT '[1]'::vector")  # loads the extension, whose settings functions name
    _names()
    _building()
    _keeping()
    _searching()
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}")


def _names() -> None:
    op.execute("""
        CREATE FUNCTION own_org() RETURNS uuid LANGUAGE sql STABLE AS $$
            SELECT nullif(current_setting('app.org', true), '')::uuid
        $$""")
    # No organisation gives no name, and what is executed with it is nothing.
    op.execute("""
        CREATE FUNCTION large_table() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT 'large.t_' || replace(own_org()::text, '-', '')
        $$""")
    # As text a sparse vector is {number:weight,...}/dimensions, numbered from one.
    op.execute("""
        CREATE FUNCTION sparse_terms(words sparsevec) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
            SELECT coalesce(array_agg(split_part(entry, ':', 1)::int - 1), '{}')
            FROM unnest(string_to_array(trim(leading '{' from split_part(words::text, '}', 1)), ',')) AS entry
            WHERE entry <> ''
        $$""")


def _building() -> None:
    # Parallel builds would take shared memory that containers don't have.
    op.execute("""
        CREATE FUNCTION large_build() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
        SET maintenance_work_mem = '256MB' SET max_parallel_maintenance_workers = 0 AS $$
        DECLARE size int;
        BEGIN
            PERFORM large_drop();
            SELECT vector_dims(dense) INTO size FROM chunk_vector WHERE org_id = own_org() LIMIT 1;
            EXECUTE format(
                'CREATE TABLE %s WITH (toast_tuple_target = 8160) AS
                 SELECT chunk_id, version_id, dense::halfvec(%s) AS dense, lexical, sparse_terms(lexical) AS terms
                 FROM chunk_vector WHERE org_id = %L', large_table(), size, own_org());
            EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (chunk_id)', large_table());
            EXECUTE format('CREATE INDEX ON %s (version_id)', large_table());
            EXECUTE format('CREATE INDEX ON %s USING gin (terms)', large_table());
            EXECUTE format('CREATE INDEX ON %s USING hnsw (dense halfvec_ip_ops)', large_table());
            EXECUTE format('ANALYZE %s', large_table());
        END $$""")


def _keeping() -> None:
    op.execute("""
        CREATE FUNCTION large_refresh() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path FROM CURRENT AS $$
        BEGIN
            EXECUTE format(
                'DELETE FROM %1$s held WHERE NOT EXISTS (
                     SELECT FROM chunk_vector WHERE org_id = %2$L AND chunk_id = held.chunk_id)',
                large_table(), own_org());
            EXECUTE format(
                'INSERT INTO %1$s SELECT chunk_id, version_id, dense, lexical, sparse_terms(lexical)
                 FROM chunk_vector new WHERE org_id = %2$L
                 AND NOT EXISTS (SELECT FROM %1$s held WHERE held.chunk_id = new.chunk_id)',
                large_table(), own_org());
        END $$""")
    op.execute("""
        CREATE FUNCTION large_add(version uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path FROM CURRENT AS $$
        BEGIN
            EXECUTE format(
                'INSERT INTO %s SELECT chunk_id, version_id, dense, lexical, sparse_terms(lexical)
                 FROM chunk_vector WHERE org_id = %L AND version_id = %L', large_table(), own_org(), version);
        END $$""")
    op.execute("""
        CREATE FUNCTION large_take(version uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
        SET search_path FROM CURRENT AS $$
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE version_id = %L', large_table(), version);
        END $$""")
    op.execute("""
        CREATE FUNCTION large_drop() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
            EXECUTE 'DROP TABLE IF EXISTS ' || large_table();
        END $$""")


def _searching() -> None:
    # $1 the question's dense vector, $2 its words, $3 the rare ones among them, $4 and $5 how many of each to take.
    op.execute("""
        CREATE FUNCTION large_statement() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT format('
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
                ) AS held', large_table())
        $$""")
    # Deleted rows stay in the graph until they are vacuumed: iterative scans go on until enough living ones are found.
    op.execute("""
        CREATE FUNCTION large_candidates(question halfvec, words sparsevec, rare int[], near int, worded int)
        RETURNS TABLE (chunk_id uuid, dense float8, lexical float8) LANGUAGE plpgsql STABLE SECURITY DEFINER
        SET search_path FROM CURRENT SET hnsw.ef_search = 400 SET hnsw.iterative_scan = 'strict_order' AS $$
        BEGIN
            RETURN QUERY EXECUTE large_statement() USING question, words, rare, near, worded;
        END $$""")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP SCHEMA large CASCADE")
    op.execute("DROP TABLE large_index")
