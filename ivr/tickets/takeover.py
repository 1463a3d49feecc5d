"""What need not be asked: the CRM or a linked earlier ticket knows it (docs/contract/ticket.md, Fine points)."""

from __future__ import annotations

from dataclasses import replace

from ivr.tickets.customer import Customer, Purchase, Vehicle
from ivr.tickets.linking import same_thing
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Source, Ticket

IDENTIFYING = (
    *("product", "model", "problem", "order_no", "tracking_no", "plate_no", "account_no", "address"),
    "card_last4",
    "complained_about",
)
"""Fields that say which matter it is: the same in a ticket linked to an earlier one."""
SAME_MONEY = frozenset({"refund", "lost", "damaged"})
"""Categories whose amount is the same money as in the earlier ticket; in others each time has its own."""


def fitting_purchase(customer: Customer, said: Ticket) -> Purchase | None:
    """The one purchase that does not contradict what the caller said; None when there are several or none."""
    fits = [
        purchase
        for purchase in customer.purchases
        if _agrees(said, "product", purchase.product)
        and _agrees(said, "model", purchase.model)
        and _agrees(said, "order_no", purchase.order_no)
    ]
    return fits[0] if len(fits) == 1 else None


def fitting_vehicle(customer: Customer, said: Ticket) -> Vehicle | None:
    """The one vehicle that fits. Where parts are waited for, the product said is the part, not the car."""
    part = said.category == "parts_delay"
    fits = [
        vehicle
        for vehicle in customer.vehicles
        if _agrees(said, "plate_no", vehicle.plate_no) and (part or _agrees(said, "product", vehicle.product))
    ]
    return fits[0] if len(fits) == 1 else None


def with_crm(ticket: Ticket, customer: Customer | None, taxonomy: Taxonomy) -> Ticket:
    """The ticket with the customer attached and with what the CRM knows for certain, for fields that its category has.
    What the caller said stays; contact number and name are filled whatever the category."""
    ticket = with_contact(ticket, customer)
    if customer is None:
        return ticket
    ticket = replace(ticket, customer=customer)
    category = taxonomy.category(ticket.hotline, ticket.category)
    wanted = set(category.fields) if category else set()
    for name, value in crm_values(ticket, customer).items():
        if name in wanted:
            ticket = ticket.with_fact(name, Fact(value, None, "crm"))
    return ticket


def with_contact(ticket: Ticket, customer: Customer | None) -> Ticket:
    """`contact_number` is the caller's number and `contact_name` the CRM's unless the caller said otherwise."""
    if ticket.caller_number and "contact_number" not in ticket.fields:
        ticket = ticket.replacing("contact_number", Fact(ticket.caller_number))
    if customer and customer.name and "contact_name" not in ticket.fields:
        ticket = ticket.replacing("contact_name", Fact(customer.name, None, "crm"))
    return ticket


def crm_values(ticket: Ticket, customer: Customer) -> dict[str, str]:
    """Field id → value of the one purchase or vehicle that fits. `account_no` is never assumed."""
    known: dict[str, str | None] = {}
    purchase, vehicle = fitting_purchase(customer, ticket), fitting_vehicle(customer, ticket)
    if purchase:
        known = {"product": purchase.product, "model": purchase.model, "order_no": purchase.order_no}
    if vehicle:
        known["plate_no"] = vehicle.plate_no
        if ticket.category != "parts_delay":
            known["product"] = vehicle.product
    return {name: value for name, value in known.items() if value}


def contradictions(ticket: Ticket, customer: Customer | None) -> dict[str, str]:
    """Field id → the CRM's value, where the caller gave another one: to be asked about once.

    Only where it is plain what the caller means: a plate beside the only vehicle, an order number or model beside the
    only purchase of that product."""
    if customer is None:
        return {}
    known: dict[str, str | None] = {}
    of_product = [purchase for purchase in customer.purchases if _agrees(ticket, "product", purchase.product)]
    if len(of_product) == 1 and ticket.value("product"):
        known = {"order_no": of_product[0].order_no, "model": of_product[0].model}
    if len(customer.vehicles) == 1 and _agrees(ticket, "product", customer.vehicles[0].product):
        known["plate_no"] = customer.vehicles[0].plate_no
    return {
        name: value
        for name, value in known.items()
        if value and name in ticket.fields and _own(ticket, name) and ticket.fields[name].value != value
    }


def linked(ticket: Ticket, prior: Ticket, taxonomy: Taxonomy) -> Ticket:
    """The ticket tied to an earlier one, with what identifies the matter taken over; dates and, but for
    `SAME_MONEY`, amounts are of this time. What the caller said in this call stays."""
    category = ticket.category or (prior.category if prior.hotline == ticket.hotline else None)
    ticket = replace(ticket, category=category, prior_ticket_no=prior.ticket_no, occurrence=prior.occurrence + 1)
    known = taxonomy.category(ticket.hotline, category)
    wanted = set(known.fields) if known else set(IDENTIFYING)
    names = [name for name in IDENTIFYING if name in wanted]
    if category in SAME_MONEY:
        names.append("amount")
    for name in names:
        value = prior.value(name)
        if value:
            ticket = ticket.with_fact(name, Fact(value, None, "prior_ticket"))
    return ticket


def unlinked(ticket: Ticket) -> Ticket:
    """The caller denies it: the link, and everything that came with it, goes."""
    source: Source = "prior_ticket"
    kept = {name: fact for name, fact in ticket.fields.items() if fact.source != source}
    return replace(ticket, prior_ticket_no=None, occurrence=1, fields=kept)


def _own(ticket: Ticket, name: str) -> bool:
    return ticket.fields[name].source in {"caller", "keys"}


def _agrees(ticket: Ticket, name: str, value: str | None) -> bool:
    """The caller, or the earlier ticket that they meant, says nothing else: no value, the same, or (for names of
    things) one that holds the other."""
    fact = ticket.fields.get(name)
    if fact is None or value is None or fact.source == "crm":
        return True
    return same_thing(fact.value, value) if name == "product" else fact.value == value
