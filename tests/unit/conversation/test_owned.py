"""What the CRM knows, in the words of a question."""

from __future__ import annotations

import datetime as dt

import pytest

from ivr.conversation.owned import bought, owned
from ivr.tickets.customer import Customer, Purchase
from ivr.tickets.ticket import Fact
from tests.unit.conversation.setting import draft

AIR = Purchase(product="空调", model="KFR35GW", purchased=dt.date(2026, 3, 1))
WASHER = Purchase(product="洗衣机", purchased=dt.date(2024, 5, 2))


@pytest.mark.parametrize(
    ("purchase", "source", "words"),
    [(AIR, "crm", "3月份买的"), (AIR, "caller", ""), (WASHER, "crm", "2024年5月份买的"), (None, "crm", "")],
)
def test_when_it_was_bought(purchase: Purchase | None, source: str, words: str) -> None:
    name = purchase.product if purchase else "空调"
    ticket = draft().replacing("product", Fact(name, None, source))  # type: ignore[arg-type]
    customer = Customer(purchases=(purchase,)) if purchase else None
    assert bought(ticket, customer) == words


def test_a_few_things_are_offered_a_long_list_is_not() -> None:
    assert owned(Customer(purchases=(AIR, WASHER, AIR))) == "空调，还是洗衣机"
    assert owned(Customer(purchases=(AIR,))) == ""
    assert owned(None) == ""
