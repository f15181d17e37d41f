"""What answers may cost and have cost, for visitors, addresses, sites and the organisation.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from app.migrations.tenancy import tenant_table

revision = "0005"
down_revision = "0004"

TABLES = ("budget_reservation", "budget_use", "budget_limit")
PAYER = "payer text NOT NULL CHECK (payer IN ('visitor', 'address', 'site', 'organisation'))"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE budget_limit (
            org_id uuid NOT NULL REFERENCES organisation,
            {PAYER},
            site_id uuid REFERENCES site,
            allowances text NOT NULL,
            UNIQUE NULLS NOT DISTINCT (org_id, payer, site_id)
        )""")
    op.execute(f"""
        CREATE TABLE budget_use (
            org_id uuid NOT NULL REFERENCES organisation,
            {PAYER},
            subject text NOT NULL,
            period text NOT NULL CHECK (period IN ('day', 'month')),
            begins date NOT NULL,
            requests bigint NOT NULL,
            tokens bigint NOT NULL,
            micros bigint NOT NULL,
            PRIMARY KEY (org_id, payer, subject, period, begins)
        )""")
    op.execute(f"""
        CREATE TABLE budget_reservation (
            id uuid NOT NULL,
            org_id uuid NOT NULL REFERENCES organisation,
            {PAYER},
            subject text NOT NULL,
            tokens bigint NOT NULL,
            micros bigint NOT NULL,
            lapses_at timestamptz NOT NULL,
            PRIMARY KEY (id, payer)
        )""")
    op.execute("CREATE INDEX ix_budget_reservation_payer ON budget_reservation (org_id, payer, subject)")
    for table in TABLES:
        tenant_table(table)
    op.execute("ALTER TABLE visitor ADD COLUMN address text")
    op.execute("ALTER TABLE answer ADD COLUMN cost_micros bigint")


def downgrade() -> None:
    op.execute("ALTER TABLE answer DROP COLUMN cost_micros")
    op.execute("ALTER TABLE visitor DROP COLUMN address")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
