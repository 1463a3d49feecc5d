"""Events for other systems and their deliveries; tokens of the HTTP API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("seq", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("ticket_no", sa.String(32), nullable=False),
        sa.Column("hotline", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("spread", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("seq", name="pk_webhook_events"),
        sa.UniqueConstraint("event_id", name="uq_webhook_events_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_events_spread_seq", "webhook_events", ["spread", "seq"])
    op.create_index("ix_webhook_events_at", "webhook_events", ["at"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("event_seq", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String(500), nullable=False),
        sa.Column("ticket_no", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("first_due", MOMENT, nullable=False),
        sa.Column("leased_until", MOMENT),
        sa.Column("leased_by", sa.String(36)),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("event_seq", "receiver", name="uq_webhook_deliveries_event_seq_receiver"),
        sa.ForeignKeyConstraint(
            ["event_seq"], ["webhook_events.seq"], name="fk_webhook_deliveries_event_seq", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_deliveries_receiver_state_due", "webhook_deliveries", ["receiver", "state", "due"])
    op.create_index(
        "ix_webhook_deliveries_receiver_ticket_no_state_event_seq",
        "webhook_deliveries",
        ["receiver", "ticket_no", "state", "event_seq"],
    )
    op.create_table(
        "webhook_receivers",
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("gone_at", MOMENT),
        sa.PrimaryKeyConstraint("address", name="pk_webhook_receivers"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("name", name="uq_api_tokens_name"),
    )


def downgrade() -> None:
    for table in ("api_tokens", "webhook_receivers", "webhook_deliveries", "webhook_events"):
        op.drop_table(table)
