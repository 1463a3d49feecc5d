"""Tickets, their numbers, their changes, and what was said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

# Types are spelled out here: a later change of `schema` must not change what this revision made.
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("ticket_no", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("hotline", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64)),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("caller_number", sa.String(32)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("fields", DOCUMENT, nullable=False),
        sa.Column("missing", DOCUMENT, nullable=False),
        sa.Column("completeness", sa.Float, nullable=False),
        sa.Column("prior_ticket_no", sa.String(32)),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("emotion_label", sa.String(16), nullable=False),
        sa.Column("emotion_score", sa.Float, nullable=False),
        sa.Column("urgency", sa.String(2), nullable=False),
        sa.Column("complexity", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("review_required", sa.Boolean, nullable=False),
        sa.Column("review_reasons", DOCUMENT, nullable=False),
        sa.Column("handoff_reason", sa.String(32)),
        sa.Column("handoff_queue", sa.String(64)),
        sa.Column("handoff_requested_at", MOMENT),
        sa.Column("handoff_outcome", sa.String(16)),
        sa.Column("handoff_agent", sa.String(64)),
        sa.Column("handoff_waited_s", sa.Float),
        sa.Column("callback_due", MOMENT),
        sa.Column("callback_number", sa.String(32)),
        sa.Column("callback_why", sa.Text),
        sa.Column("customer", DOCUMENT),
        sa.Column("suggestions", DOCUMENT, nullable=False),
        sa.Column("recording", sa.Text),
        sa.PrimaryKeyConstraint("ticket_no", name="pk_tickets"),
    )
    op.create_index("ix_tickets_caller_number_created_at", "tickets", ["caller_number", "created_at"])
    op.create_index("ix_tickets_call_id", "tickets", ["call_id"])
    op.create_index("ix_tickets_hotline_created_at", "tickets", ["hotline", "created_at"])
    op.create_index("ix_tickets_created_at", "tickets", ["created_at"])
    op.create_index("ix_tickets_callback_due", "tickets", ["callback_due"])
    op.create_table(
        "ticket_days",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_ticket_days"),
    )
    op.create_table(
        "transcript_lines",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("who", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_transcript_lines"),
    )
    op.create_index("ix_transcript_lines_call_id", "transcript_lines", ["call_id"])
    op.create_table(
        "ticket_changes",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("ticket_no", sa.String(32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("changed", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_changes"),
        sa.ForeignKeyConstraint(["ticket_no"], ["tickets.ticket_no"], name="fk_ticket_changes_ticket_no"),
    )
    op.create_index("ix_ticket_changes_ticket_no", "ticket_changes", ["ticket_no"])


def downgrade() -> None:
    for table in ("ticket_changes", "transcript_lines", "ticket_days", "tickets"):
        op.drop_table(table)
