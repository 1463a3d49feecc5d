"""Who owes a caller a call, by when and to which number."""

from __future__ import annotations

import datetime as dt

from ivr.packs import OpenHours
from ivr.tickets.ticket import Callback, Ticket, Urgency

CALL_BACK_WITHIN: dict[Urgency, dt.timedelta] = {
    "P1": dt.timedelta(minutes=15),
    "P2": dt.timedelta(hours=1),
    "P3": dt.timedelta(hours=4),
    "P4": dt.timedelta(hours=24),
}
"""How soon somebody who hung up is called back, in open hours."""


def call_back(ticket: Ticket, why: str, *, at: dt.datetime, hours: OpenHours | None = None) -> Callback:
    """`at`: when the call ended. `hours` None: always open. Without a number `why` says so."""
    number = ticket.value("contact_number") or ticket.caller_number
    due = next_open(at + CALL_BACK_WITHIN[ticket.urgency], hours or OpenHours())
    return Callback(due, number, why if number else f"{why}，来电人未显示号码")


def next_open(at: dt.datetime, hours: OpenHours) -> dt.datetime:
    """`at`, or the first quarter of an hour after it in which the hotline is served (`at` if none is in 14 days)."""
    if hours.contains(at):
        return at
    start = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    quarters = (start + dt.timedelta(minutes=15 * n) for n in range(1, 14 * 96))
    return next((moment for moment in quarters if hours.contains(moment)), at)
