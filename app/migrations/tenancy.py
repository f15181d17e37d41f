"""What every table gets: rights for the application's role, and row-level security where it has an organisation."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op

APP_ROLE = "frontdesk_app"


def tenant_table(name: str) -> None:
    """Only rows of the transaction's organisation can be seen or written, by the owner too (FORCE)."""
    shared_table(name)
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    org = "nullif(current_setting('app.org', true), '')::uuid"
    column = "id" if name == "organisation" else "org_id"
    op.execute(f"CREATE POLICY tenant ON {name} USING ({column} = {org}) WITH CHECK ({column} = {org})")


def key_opens(name: str, column: str) -> None:
    """Whoever knows the value of `column` may read that row: how a token or a site key finds its organisation."""
    op.execute(
        f"CREATE POLICY key_opens ON {name} FOR SELECT USING ({column} = current_setting('app.key', true))"
    )


def shared_table(name: str) -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")


@contextmanager
def all_rows(*names: str) -> Iterator[None]:
    """Lets a migration see and change the rows of every organisation, which otherwise the owner cannot either."""
    for name in names:
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    yield
    for name in names:
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
