"""The application may make temporary tables: none of them can stand in for one that a function of the owner reads.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"

# Temporary tables come first where the search path does not name their schema.
LAST = ", pg_temp"


def upgrade() -> None:
    _search_path(LAST)


def downgrade() -> None:
    _search_path("")


def _search_path(last: str) -> None:
    # Loads pgvector, which knows the settings that come with one of the functions.
    op.execute("SELECT '[0]'::vector")
    op.execute(f"""
        DO $$
        DECLARE one regprocedure;
        BEGIN
            FOR one IN
                SELECT oid FROM pg_proc WHERE prosecdef AND pronamespace = current_schema()::regnamespace
                    AND starts_with(proname, 'large_') -- whatever else is there is not ours
            LOOP
                EXECUTE format('ALTER FUNCTION %s SET search_path = %s{last}', one, current_setting('search_path'));
            END LOOP;
        END $$""")  # noqa: S608 - a constant
