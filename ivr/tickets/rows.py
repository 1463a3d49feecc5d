"""A ticket as a row of the table `tickets`, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ivr.tickets.customer import Customer
from ivr.tickets.ticket import (
    Callback,
    Emotion,
    Fact,
    Handoff,
    Review,
    Suggestion,
    Ticket,
    customer_json,
    to_json,
)

PLAIN = (
    *("status", "stage", "hotline", "category", "call_id", "caller_number", "created_at", "summary", "completeness"),
    *("prior_ticket_no", "occurrence", "urgency", "complexity", "confidence", "recording", "version"),
)
"""Columns that hold the ticket's attribute of the same name as it is."""


def row_of(ticket: Ticket) -> dict[str, Any]:
    """All columns but those of hand-off and call-back."""
    return {name: getattr(ticket, name) for name in PLAIN} | {
        "ticket_no": ticket.ticket_no,
        "fields": {name: msgspec.to_builtins(fact) for name, fact in ticket.fields.items()},
        "missing": list(ticket.missing),
        "emotion_label": ticket.emotion.label,
        "emotion_score": ticket.emotion.score,
        "review_required": ticket.review.required,
        "review_reasons": list(ticket.review.reasons),
        "customer": customer_json(ticket.customer) if ticket.customer else None,
        "suggestions": msgspec.to_builtins(ticket.suggestions),
    }


def request_of(handoff: Handoff) -> dict[str, Any]:
    """Columns of a hand-off that the dialogue decides."""
    return {
        "handoff_reason": handoff.reason,
        "handoff_queue": handoff.queue,
        "handoff_requested_at": handoff.requested_at,
    }


def outcome_of(handoff: Handoff) -> dict[str, Any]:
    """Columns of a hand-off that the line knows."""
    return {
        "handoff_outcome": handoff.outcome,
        "handoff_agent": handoff.agent,
        "handoff_waited_s": handoff.waited_s,
    }


def callback_of(callback: Callback) -> dict[str, Any]:
    return {
        "callback_due": callback.due,
        "callback_number": callback.number,
        "callback_why": callback.why,
    }


def ticket_of(row: Mapping[str, Any], zone: dt.tzinfo) -> Ticket:
    """Without transcript and related tickets, which other tables and rows hold."""
    plain = {name: row[name] for name in PLAIN} | {"created_at": row["created_at"].astimezone(zone)}
    return Ticket(
        ticket_no=row["ticket_no"],
        fields={name: msgspec.convert(fact, Fact) for name, fact in row["fields"].items()},
        missing=tuple(row["missing"]),
        emotion=Emotion(row["emotion_label"], row["emotion_score"]),
        review=Review(row["review_required"], tuple(row["review_reasons"])),
        handoff=_handoff(row, zone),
        callback=_callback(row, zone),
        customer=msgspec.convert(row["customer"], Customer) if row["customer"] else None,
        suggestions=msgspec.convert(row["suggestions"], tuple[Suggestion, ...]),
        **plain,
    )


def changed(before: Ticket | None, after: Ticket) -> dict[str, Any]:
    """Keys of the contract's form that differ, as [before, after]; facts by `fields.<id>`."""
    was, now = (_flat(before) if before else {}), _flat(after)
    return {key: [was.get(key), now.get(key)] for key in now | was if was.get(key) != now.get(key)}


def _flat(ticket: Ticket) -> dict[str, Any]:
    document = to_json(replace(ticket, transcript=(), related=()))
    facts = {f"fields.{name}": fact for name, fact in document.pop("fields").items()}
    return {key: value for key, value in document.items() if key not in {"transcript", "related"}} | facts


def _handoff(row: Mapping[str, Any], zone: dt.tzinfo) -> Handoff | None:
    if row["handoff_reason"] is None:
        return None
    return Handoff(
        reason=row["handoff_reason"],
        queue=row["handoff_queue"],
        requested_at=row["handoff_requested_at"].astimezone(zone),
        outcome=row["handoff_outcome"],
        agent=row["handoff_agent"],
        waited_s=row["handoff_waited_s"],
    )


def _callback(row: Mapping[str, Any], zone: dt.tzinfo) -> Callback | None:
    if row["callback_due"] is None:
        return None
    return Callback(row["callback_due"].astimezone(zone), row["callback_number"], row["callback_why"])
