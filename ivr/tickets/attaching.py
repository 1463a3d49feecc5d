"""A customer who became known only when the conversation was over: the CRM was late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr.packs import Pack
from ivr.tickets.completeness import counted
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.judge import ruling
from ivr.tickets.judgement.review import review
from ivr.tickets.lifecycle import moved
from ivr.tickets.takeover import with_contact, with_crm
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Ticket


def attached(ticket: Ticket, customer: Customer, *, said: Sequence[str], pack: Pack, taxonomy: Taxonomy) -> Ticket:
    """The ticket with its customer and what follows from them; one that has a customer stays as it is.

    While it is a draft the CRM's facts are taken over, too. Afterwards they are not: what was missing when the call
    ended stays told."""
    if ticket.customer is not None:
        return ticket
    if ticket.status == "draft":
        ticket = counted(with_crm(ticket, customer, taxonomy), taxonomy)
    else:
        ticket = replace(with_contact(ticket, customer), customer=customer)
    return _of_vip(ticket, said, pack, taxonomy) if customer.vip else ticket


def _of_vip(ticket: Ticket, said: Sequence[str], pack: Pack, taxonomy: Taxonomy) -> Ticket:
    """More urgent, perhaps, and reviewed. What else made it urgent is not looked at again: it only rises."""
    label, _ = ruling(ticket, said=said, vip=True, prior=None, taxonomy=taxonomy)
    ticket = replace(ticket, urgency=min(ticket.urgency, label))
    conflicts = int("conflicting_facts" in ticket.review.reasons)
    ticket = replace(ticket, review=review(ticket, pack.thresholds, taxonomy, vip=True, conflicts_left=conflicts))
    due = ticket.status != "draft" and ticket.stage == "new" and ticket.review.required
    return moved(ticket, "send_to_review") if due else ticket
