"""What is too old is deleted: tickets with everything that hangs on them, in small transactions that hold up nobody.

Numbers are not used again: `ticket_days`, which counts them, holds nothing of anybody and stays.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tickets.outbox import EVENTS
from ivr.tickets.schema import CHANGES, SEARCH, TICKETS, TRANSCRIPT

AT_ONCE = 200
"""Tickets of one transaction: a writer of a call waits no longer than for these."""
LINES_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Old:
    """What there is from before a moment."""

    tickets: int
    unclosed: int
    """Of them: nobody has closed them."""
    oldest: dt.datetime | None


async def count(connection: AsyncConnection, before: dt.datetime) -> Old:
    older = TICKETS.c.created_at < before
    wanted = select(func.count(), func.count().filter(TICKETS.c.stage != "closed"), func.min(TICKETS.c.created_at))
    tickets, unclosed, oldest = (await connection.execute(wanted.where(older))).one()
    return Old(tickets, unclosed, oldest)


async def delete_tickets(connection: AsyncConnection, before: dt.datetime, *, sqlite: bool) -> int:
    """The oldest ones from before a moment; how many. 0: there are no more."""
    if sqlite:  # what is deleted is overwritten in the file
        await connection.execute(text("PRAGMA secure_delete=ON"))
    created = TICKETS.c.created_at
    wanted = select(TICKETS.c.ticket_no, TICKETS.c.call_id).where(created < before).order_by(created).limit(AT_ONCE)
    old = (await connection.execute(wanted)).all()
    numbers, calls = [row.ticket_no for row in old], {row.call_id for row in old}
    for table in (CHANGES, EVENTS, SEARCH, TICKETS):  # EVENTS hold the ticket as it was; their deliveries go with them
        await connection.execute(delete(table).where(table.c.ticket_no.in_(numbers)))
    kept = set(await connection.scalars(select(TICKETS.c.call_id).where(TICKETS.c.call_id.in_(calls))))
    await connection.execute(delete(TRANSCRIPT).where(TRANSCRIPT.c.call_id.in_(calls - kept)))
    return len(numbers)


async def delete_lines(connection: AsyncConnection, before: dt.datetime) -> int:
    """What was said in old calls that never became a ticket; how many lines. 0: there are no more."""
    has_ticket = exists().where(TICKETS.c.call_id == TRANSCRIPT.c.call_id)
    wanted = select(TRANSCRIPT.c.id).where(TRANSCRIPT.c.written_at < before, ~has_ticket).limit(LINES_AT_ONCE)
    found = list(await connection.scalars(wanted))
    await connection.execute(delete(TRANSCRIPT).where(TRANSCRIPT.c.id.in_(found)))
    return len(found)


async def forget_recordings(connection: AsyncConnection, call_ids: list[str]) -> None:
    """Their files are gone: no ticket names them any more."""
    gone = update(TICKETS).where(TICKETS.c.call_id.in_(call_ids), TICKETS.c.recording.is_not(None))
    await connection.execute(gone.values(recording=None))
