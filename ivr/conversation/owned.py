"""What the CRM knows of a caller's things, as words of a question: a caller hears that they are known."""

from __future__ import annotations

from ivr.tickets.customer import Customer
from ivr.tickets.takeover import fitting_purchase
from ivr.tickets.ticket import Ticket

MOST = 3
"""More things are not read out."""


def bought(ticket: Ticket, customer: Customer | None) -> str:
    """「三月份买的」, of the product that the CRM told; empty when the caller named it."""
    product = ticket.fields.get("product")
    if customer is None or product is None or product.source != "crm":
        return ""
    purchase = fitting_purchase(customer, ticket)
    if purchase is None or purchase.purchased is None:
        return ""
    year = "" if purchase.purchased.year == ticket.created_at.year else _year(ticket, purchase.purchased.year)
    return f"{year}{purchase.purchased.month}月份买的"


def _year(ticket: Ticket, year: int) -> str:
    return "去年" if year == ticket.created_at.year - 1 else f"{year}年"


def owned(customer: Customer | None) -> str:
    """「空调，还是洗衣机」, of two or three different things; empty otherwise."""
    things = list(dict.fromkeys(purchase.product for purchase in customer.purchases)) if customer else []
    return "，还是".join(things) if 2 <= len(things) <= MOST else ""
