"""The tables. Types that SQLite and PostgreSQL both have; what is asked for by value has a column, the rest is JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class Moment(TypeDecorator[dt.datetime]):
    """An aware time. SQLite has no zones: kept in UTC everywhere, read back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        moment: dt.datetime = value
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

# Names that Alembic can find again on every database.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

OWED = "callback_due IS NOT NULL AND stage <> 'closed'"
"""A call-back that nobody has made. Asked with the same words, or the index of those few is not used."""

TICKETS = Table(
    "tickets",
    METADATA,
    Column("ticket_no", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("hotline", String(64), nullable=False),
    Column("category", String(64)),
    Column("call_id", String(128), nullable=False),
    Column("caller_number", String(32)),
    Column("created_at", Moment, nullable=False),
    Column("summary", Text, nullable=False),
    Column("fields", Document, nullable=False),
    Column("missing", Document, nullable=False),
    Column("completeness", Float, nullable=False),
    Column("prior_ticket_no", String(32)),
    Column("occurrence", Integer, nullable=False),
    Column("emotion_label", String(16), nullable=False),
    Column("emotion_score", Float, nullable=False),
    Column("urgency", String(2), nullable=False),
    Column("complexity", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("review_required", Boolean, nullable=False),
    Column("review_reasons", Document, nullable=False),
    Column("handoff_reason", String(32)),
    Column("handoff_queue", String(64)),
    Column("handoff_requested_at", Moment),
    Column("handoff_outcome", String(16)),
    Column("handoff_agent", String(64)),
    Column("handoff_waited_s", Float),
    Column("callback_due", Moment),
    Column("callback_number", String(32)),
    Column("callback_why", Text),
    Column("customer", Document),
    Column("suggestions", Document, nullable=False),
    Column("recording", Text),
    Index(None, "caller_number", "created_at"),
    Index(None, "call_id"),
    Index(None, "hotline", "created_at"),
    Index(None, "created_at"),
    Index(None, "hotline", "category", "created_at"),
    Index(None, "status", "created_at"),
    Index(None, "stage", "created_at"),
    Index(None, "urgency", "created_at"),
    Index(None, "callback_due", sqlite_where=text(OWED), postgresql_where=text(OWED)),
)

DAYS = Table(
    "ticket_days",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The last number allotted on a day of the business time zone. Counted up in the transaction that writes the ticket,
so that a ticket that is not written takes no number."""

TRANSCRIPT = Table(
    "transcript_lines",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("call_id", String(128), nullable=False),
    Column("who", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("confidence", Float),
    Column("written_at", Moment, nullable=False),
    Index(None, "call_id"),
    Index(None, "written_at"),
)

SEARCH = Table(
    "ticket_search",
    METADATA,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("ticket_no", String(32), nullable=False, unique=True),
    Column("words", Text, nullable=False),
    Column("said", Text, nullable=False),
)
"""What the full-text search finds a ticket by (`ivr.tickets.search`): the words of the ticket, and of what was said in
its call. `place`: in the order of time (`numbers.place`). Over it lie, made by the migration, SQLite's `ticket_fts`
(FTS5, kept by triggers) and PostgreSQL's `ix_ticket_search_words` (GIN)."""

CHANGES = Table(
    "ticket_changes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("ticket_no", String(32), ForeignKey(TICKETS.c.ticket_no), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("changed", Document, nullable=False),
    Index(None, "ticket_no"),
)
"""Every change: who, when, why, and the contract's keys that it changed as [before, after]."""
