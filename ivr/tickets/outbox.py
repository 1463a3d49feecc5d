"""What other systems are told of: rows written in the transaction that changes the ticket, so that neither is ever
there without the other. `ivr.webhooks` delivers them.

`happened` is the table of events; it knows only the ticket before and after the change. A telephone that rings is the
one event without a change.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.settings import WebhookEvent
from ivr.tickets import rows
from ivr.tickets.schema import METADATA, TRANSCRIPT, Document, Moment
from ivr.tickets.ticket import Ticket, to_json

LAST_LINES = 6
"""Of what was said, told with a hand-off and a ring."""
FACTS = {"category", "summary"}
"""Keys of the form that people correct, beside `fields.<id>`."""

EVENTS = Table(
    "webhook_events",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False),
    Column("type", String(32), nullable=False),
    Column("ticket_no", String(32), nullable=False),
    Column("hotline", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("data", Document, nullable=False),
    Column("spread", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("event_id"),
    Index(None, "spread", "seq"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)
_WRITTEN = insert(EVENTS)
"""What happened, once each. `spread`: every receiver that wants it has its row in DELIVERIES. The numbers of SQLite are
never given twice either: they are the order."""

DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("event_seq", Integer, ForeignKey(EVENTS.c.seq, ondelete="CASCADE"), nullable=False),
    Column("receiver", String(500), nullable=False),
    Column("ticket_no", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    Column("first_due", Moment, nullable=False),
    Column("leased_until", Moment),
    Column("leased_by", String(36)),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("ended_at", Moment),
    Column("not_before", Moment),
    UniqueConstraint("event_seq", "receiver"),
    Index(None, "receiver", "state", "due"),
    Index(None, "receiver", "ticket_no", "state", "event_seq"),
)
"""One event for one receiver. `state`: pending, delivered, dead (given up), gone (the receiver answered 410).
`not_before`: the receiver asked for it (Retry-After)."""

RECEIVERS = Table(
    "webhook_receivers",
    METADATA,
    Column("address", String(500), primary_key=True),
    Column("gone_at", Moment),
)
"""Receivers that answered 410: nothing is sent there until somebody asks for it."""


def happened(before: Ticket | None, after: Ticket) -> tuple[WebhookEvent, ...]:
    """Events of one change, in the order they are told."""
    return tuple(kind for kind, holds in EVENT_TABLE if holds(before, after))


def _became_whole(before: Ticket | None, after: Ticket) -> bool:
    """The bot's part ended with everything, or people have supplied what was missing."""
    whole = after.status != "draft" and not after.missing
    return whole and (before is None or before.status == "draft" or bool(before.missing))


def _ended_as(status: str) -> Callable[[Ticket | None, Ticket], bool]:
    return lambda before, after: after.status == status and (before is None or before.status != status)


def _corrected(before: Ticket | None, after: Ticket) -> bool:
    if before is None or after.stage != "corrected":
        return False
    changed = rows.changed(before, after)
    return before.stage != "corrected" or any(key in FACTS or key.startswith("fields.") for key in changed)


def _ended_handoff(before: Ticket | None, after: Ticket) -> bool:
    known = before.handoff.outcome if before and before.handoff else None
    return after.handoff is not None and after.handoff.outcome not in (None, known)


EVENT_TABLE: tuple[tuple[WebhookEvent, Callable[[Ticket | None, Ticket], bool]], ...] = (
    ("ticket.created", lambda before, after: before is None),
    ("ticket.completed", _became_whole),
    ("ticket.incomplete", _ended_as("incomplete")),
    ("ticket.abandoned", _ended_as("abandoned")),
    ("ticket.handed_off", lambda before, after: bool(after.handoff) and not (before and before.handoff)),
    ("ticket.handoff_ended", _ended_handoff),
    ("ticket.corrected", _corrected),
)
"""Event → whether a change is one. `before` is None for a new ticket."""


async def note(
    connection: AsyncConnection, before: Ticket | None, after: Ticket, *, at: dt.datetime, by: str, why: str
) -> None:
    """Writes the events of a change on the connection, and so in the transaction, that makes it."""
    kinds = happened(before, after)
    if not kinds:
        return
    data = told(before, after, by=by, why=why)
    for kind in kinds:
        more = {"last_lines": await _last_lines(connection, after.call_id)} if kind == "ticket.handed_off" else {}
        await _write(connection, kind, after, at, data | more)


async def note_ring(
    connection: AsyncConnection, ticket: Ticket, ring: Mapping[str, Any], *, at: dt.datetime, by: str
) -> None:
    """An agent's telephone rings for this ticket, which changes nothing on it. `ring`: agent, queue, reason, waiting
    time."""
    lines = await _last_lines(connection, ticket.call_id)
    data = told(ticket, ticket, by=by, why="坐席电话响铃") | {"ring": dict(ring), "last_lines": lines}
    await _write(connection, "ticket.ringing", ticket, at, data)


async def _write(
    connection: AsyncConnection, kind: WebhookEvent, ticket: Ticket, at: dt.datetime, data: Mapping[str, Any]
) -> None:
    entry = {
        "event_id": str(uuid.uuid4()),
        "type": kind,
        "ticket_no": ticket.ticket_no,
        "hotline": ticket.hotline,
        "at": at,
        "data": data,
    }
    await connection.execute(_WRITTEN, entry)


def told(before: Ticket | None, after: Ticket, *, by: str, why: str) -> dict[str, Any]:
    """The ticket as it is after the change, in the contract's form without what other tables hold, and what changed."""
    form = {key: value for key, value in to_json(after).items() if key not in {"transcript", "related"}}
    changed = [] if before is None else sorted(rows.changed(before, after))
    return {"ticket": form, "who": by, "why": why, "changed": changed}


async def _last_lines(connection: AsyncConnection, call_id: str) -> list[dict[str, Any]]:
    wanted = (
        select(TRANSCRIPT.c.who, TRANSCRIPT.c.text, TRANSCRIPT.c.at)
        .where(TRANSCRIPT.c.call_id == call_id)
        .order_by(TRANSCRIPT.c.at.desc(), TRANSCRIPT.c.id.desc())
        .limit(LAST_LINES)
    )
    found = [{"who": row.who, "text": row.text, "at": row.at} for row in await connection.execute(wanted)]
    return found[::-1]
