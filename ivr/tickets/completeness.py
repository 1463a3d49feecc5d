"""What a ticket still lacks, and what became of it when its call ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Literal

from ivr.packs import OpenHours
from ivr.tickets.callbacks import call_back
from ivr.tickets.judgement.summary import summary
from ivr.tickets.lifecycle import moved
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Status, Ticket

How = Literal["bot_hung_up", "caller_hung_up", "handed_over", "failed"]
"""How the bot's part of a call ended (`ivr.call.ports.Conversation.end`)."""


def missing(ticket: Ticket, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Required fields without a value, in the taxonomy's order; `category` while that is not known."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    if category is None:
        return ("category",)
    return tuple(name for name in category.required if not ticket.value(name))


def completeness(ticket: Ticket, taxonomy: Taxonomy) -> float:
    """Share of the required fields that are known, two decimals; 0 while the category is not known."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    if category is None:
        return 0.0
    if not category.required:
        return 1.0
    known = sum(1 for name in category.required if ticket.value(name))
    return round(known / len(category.required), 2)


def confidence(ticket: Ticket, taxonomy: Taxonomy) -> float:
    """The least of the required fields that are known; 0 when none is."""
    category = taxonomy.category(ticket.hotline, ticket.category)
    required = category.required if category else tuple(ticket.fields)
    return min((ticket.fields[name].confidence for name in required if ticket.value(name)), default=0.0)


def counted(ticket: Ticket, taxonomy: Taxonomy) -> Ticket:
    """The ticket with `missing`, `completeness` and `confidence` as its facts make them."""
    return replace(
        ticket,
        missing=missing(ticket, taxonomy),
        completeness=completeness(ticket, taxonomy),
        confidence=confidence(ticket, taxonomy),
    )


def settle(
    ticket: Ticket, how: How, taxonomy: Taxonomy, *, at: dt.datetime | None = None, hours: OpenHours | None = None
) -> Ticket:
    """The ticket at the end of the bot's part: its status, a call-back where the caller hung up too early, and its
    way into review. A ticket already settled stays as it is, so whoever notices the end first may settle.

    `at` is the end of the call (aware; default: the ticket's beginning), `hours` when call-backs can be made.
    """
    if ticket.status != "draft":
        return ticket
    ticket = counted(ticket, taxonomy)
    status = _outcome(ticket, how)
    if status == "abandoned" and ticket.callback is None:
        lacking = "、".join(taxonomy.field_name(name) for name in ticket.missing)
        due = call_back(ticket, f"来电人中途挂断，还缺：{lacking}", at=at or ticket.created_at, hours=hours)
        ticket = replace(ticket, callback=due)
    ticket = replace(ticket, status=status)
    if ticket.fields:  # else it holds the caller's bare words
        ticket = replace(ticket, summary=summary(ticket, taxonomy))
    return moved(ticket, "send_to_review") if ticket.review.required and ticket.stage == "new" else ticket


def _outcome(ticket: Ticket, how: How) -> Status:
    if not ticket.missing:
        return "complete"
    return "abandoned" if how == "caller_hung_up" else "incomplete"
