"""Which tickets a person must look at, and why."""

from __future__ import annotations

from ivr.packs import Thresholds
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Review, Ticket


def review_reasons(
    ticket: Ticket, thresholds: Thresholds, taxonomy: Taxonomy, *, vip: bool, conflicts_left: int = 0
) -> tuple[str, ...]:
    """In the order of the contract. Low confidence is that of a required field that is known: a missing one is told by
    `missing` and needs no listening again."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    required = category.required if category else ()
    doubtful = any(ticket.fields[name].confidence < thresholds.confidence for name in required if name in ticket.fields)
    holds = {
        "emotion": ticket.emotion.score >= thresholds.emotion,
        "complexity": ticket.complexity >= thresholds.complexity,
        "low_confidence": doubtful,
        "vip": vip and ticket.urgency in {"P1", "P2", "P3"},
        "p1": ticket.urgency == "P1",
        "conflicting_facts": conflicts_left > 0,
    }
    return tuple(reason for reason, held in holds.items() if held)


def review(ticket: Ticket, thresholds: Thresholds, taxonomy: Taxonomy, *, vip: bool, conflicts_left: int = 0) -> Review:
    reasons = review_reasons(ticket, thresholds, taxonomy, vip=vip, conflicts_left=conflicts_left)
    return Review(required=bool(reasons), reasons=reasons)
