"""Full-text search, lists of a million tickets, when a line of a transcript was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ivr.tickets.numbers import day_of, place
from ivr.tickets.words import indexed, month

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OWED = sa.text("callback_due IS NOT NULL AND stage <> 'closed'")
LISTS = (("hotline", "category"), ("status",), ("stage",), ("urgency",))
ZONE = dt.timezone(dt.timedelta(hours=8))
"""Of the days that numbers of other systems do not say themselves."""
AT_ONCE = 1000

SQLITE = (
    "CREATE VIRTUAL TABLE ticket_fts USING fts5(words, said, content='ticket_search', content_rowid='place',"
    " tokenize='ascii', detail='none', columnsize=0)",
    "CREATE TRIGGER ticket_search_new AFTER INSERT ON ticket_search BEGIN"
    " INSERT INTO ticket_fts (rowid, words, said) VALUES (new.place, new.words, new.said); END",
    "CREATE TRIGGER ticket_search_gone AFTER DELETE ON ticket_search BEGIN"
    " INSERT INTO ticket_fts (ticket_fts, rowid, words, said) VALUES ('delete', old.place, old.words, old.said); END",
    "CREATE TRIGGER ticket_search_changed AFTER UPDATE ON ticket_search BEGIN"
    " INSERT INTO ticket_fts (ticket_fts, rowid, words, said) VALUES ('delete', old.place, old.words, old.said);"
    " INSERT INTO ticket_fts (rowid, words, said) VALUES (new.place, new.words, new.said); END",
)
"""`ascii`: every character beyond ASCII belongs to a word, as `ivr.tickets.words` has it. No positions: words that must
stand together are looked for in the text of the few rows that have them all."""
POSTGRESQL = (
    "CREATE INDEX ix_ticket_search_words ON ticket_search USING gin (array_to_tsvector(array_remove(string_to_array("
    "words || said, ' '), '')))",
)


def upgrade() -> None:
    connection = op.get_bind()
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if connection.dialect.name == "postgresql":
        now += "+00"
    op.add_column("transcript_lines", sa.Column("written_at", MOMENT, nullable=False, server_default=now))
    op.create_index("ix_transcript_lines_written_at", "transcript_lines", ["written_at"])
    for columns in LISTS:
        op.create_index(f"ix_tickets_{'_'.join(columns)}_created_at", "tickets", [*columns, "created_at"])
    op.drop_index("ix_tickets_callback_due", "tickets")
    op.create_index("ix_tickets_callback_due", "tickets", ["callback_due"], sqlite_where=OWED, postgresql_where=OWED)
    table = op.create_table(
        "ticket_search",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ticket_no", sa.String(32), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_ticket_search"),
        sa.UniqueConstraint("ticket_no", name="uq_ticket_search_ticket_no"),
    )
    _fill(connection, table)
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    if connection.dialect.name == "sqlite":
        op.execute("INSERT INTO ticket_fts (ticket_fts) VALUES ('rebuild')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ticket_fts")
    op.drop_table("ticket_search")
    op.drop_index("ix_tickets_callback_due", "tickets")
    op.create_index("ix_tickets_callback_due", "tickets", ["callback_due"])
    for columns in LISTS:
        op.drop_index(f"ix_tickets_{'_'.join(columns)}_created_at", "tickets")
    op.drop_index("ix_transcript_lines_written_at", "transcript_lines")
    with op.batch_alter_table("transcript_lines") as lines:
        lines.drop_column("written_at")


# --- what is there already --------------------------------------------------------------

TICKETS = sa.table(
    "tickets",
    *(sa.column(name) for name in ("ticket_no", "call_id", "caller_number", "summary")),
    sa.column("created_at", MOMENT),
    sa.column("fields", DOCUMENT),
    sa.column("customer", DOCUMENT),
)
LINES = sa.table("transcript_lines", *(sa.column(name) for name in ("id", "call_id", "who", "text", "at")))


def _fill(connection: sa.Connection, table: sa.Table) -> None:
    last, taken = "", set[int]()
    while True:
        wanted = sa.select(TICKETS).where(TICKETS.c.ticket_no > last).order_by(TICKETS.c.ticket_no).limit(AT_ONCE)
        tickets = connection.execute(wanted).mappings().all()
        if not tickets:
            return
        said = _said(connection, {ticket["call_id"] for ticket in tickets})
        entries = [_entry(dict(ticket), said.get(ticket["call_id"], ()), taken) for ticket in tickets]
        connection.execute(sa.insert(table), entries)
        last = tickets[-1]["ticket_no"]


def _said(connection: sa.Connection, calls: set[str]) -> dict[str, list[str]]:
    wanted = sa.select(LINES).where(LINES.c.call_id.in_(calls), LINES.c.who.in_(("caller", "agent")))
    said: dict[str, list[str]] = {}
    for line in connection.execute(wanted.order_by(LINES.c.at, LINES.c.id)):
        said.setdefault(line.call_id, []).append(line.text)
    return said


def _entry(ticket: Mapping[str, Any], said: Iterable[str], taken: set[int]) -> dict[str, Any]:
    created = ticket["created_at"]
    day = (created if created.tzinfo else created.replace(tzinfo=dt.UTC)).astimezone(ZONE).date()
    at = place(ticket["ticket_no"], day)
    day = day_of(at)
    while at in taken:
        at += 1
    taken.add(at)
    facts, customer = ticket["fields"] or {}, ticket["customer"] or {}
    number = ticket["ticket_no"]
    texts = [number, number.removeprefix("GD"), ticket["caller_number"] or "", ticket["summary"]]
    for fact in facts.values():
        texts += [fact["value"], fact.get("said") or ""]
    texts.append(customer.get("name") or "")
    return {
        "place": at,
        "ticket_no": ticket["ticket_no"],
        "words": f" {month(day.year, day.month)}{indexed(*texts)}",
        "said": indexed(*said),
    }
