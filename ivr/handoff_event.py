"""What the desk is told of a hand-over, as JSON. Pure; the form is in docs/handoff.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ivr.telephony.asterisk.handoffs import HandoffOutcome, HandoffStep
from ivr.tickets.ticket import Ticket

LAST_LINES = 6
"""So many sentences of the call are told."""

Event = Mapping[str, Any]

UNKNOWN: Event = {
    **dict.fromkeys(("category", "urgency", "tier", "customer", "caller_number", "summary")),
    "missing": [],
    "related": [],
    "last_lines": [],
}
"""What the ticket tells, where it could not be read."""


def brief_of(ticket: Ticket, related: tuple[str, ...]) -> Event:
    """What a human wants to know before saying hello."""
    return {
        "ticket_no": ticket.ticket_no,
        "hotline": ticket.hotline,
        "category": ticket.category,
        "urgency": ticket.urgency,
        "tier": ticket.customer.tier if ticket.customer else None,
        "customer": ticket.customer.name if ticket.customer else None,
        "caller_number": ticket.caller_number,
        "summary": ticket.summary,
        "missing": list(ticket.missing),
        "related": list(related),
        "last_lines": [{"who": line.who, "text": line.text, "at": line.at} for line in ticket.transcript[-LAST_LINES:]],
    }


def head(kind: str, of: HandoffStep | HandoffOutcome, at: dt.datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "at": at.isoformat(timespec="milliseconds"),
        "call_id": of.call_id,
        "ticket_no": of.ticket_no,
        "hotline": of.hotline,
        "queue": of.queue,
        "reason": of.reason,
        "agent": of.agent,
        "waited_s": of.waited_s,
        "simulation": of.simulation,
    }


def told(last: Event) -> Event:
    """What stays as it was told, of an earlier event of the same hand-over."""
    return {name: last[name] for name in ("ticket_no", "hotline", *UNKNOWN) if name in last}
