from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.tickets.customer import Customer, Purchase, Vehicle
from ivr.tickets.takeover import contradictions, linked, unlinked, with_crm
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Ticket

AIR = Purchase("空调", "KFR35GW", "DD1")
WASHER = Purchase("洗衣机", "XQG80", "DD2")
CAR = Vehicle("粤B12345", "远山L6")


def values(ticket: Ticket) -> dict[str, str]:
    return {name: fact.value for name, fact in ticket.fields.items() if not name.startswith("contact")}


def test_the_only_purchase_is_taken_over_and_not_more_than_the_category_holds(
    ticket: Ticket, taxonomy: Taxonomy
) -> None:
    known = with_crm(replace(ticket, category="product_fault"), Customer("王芳", purchases=(AIR,)), taxonomy)
    assert values(known) == {"product": "空调", "model": "KFR35GW"}
    assert known.fields["product"].source == "crm"
    assert known.value("contact_number") == "13800010001"
    assert known.value("contact_name") == "王芳"
    assert known.customer is not None


def test_of_several_the_one_that_fits_what_was_said(ticket: Ticket, taxonomy: Taxonomy) -> None:
    customer = Customer("王芳", purchases=(AIR, WASHER))
    fault = replace(ticket, category="product_fault")
    assert values(with_crm(fault, customer, taxonomy)) == {}
    said = with_crm(fault.with_fact("product", Fact("洗衣机")), customer, taxonomy)
    assert values(said) == {"product": "洗衣机", "model": "XQG80"}
    assert said.fields["product"].source == "caller"
    other = with_crm(fault.with_fact("product", Fact("电视")), customer, taxonomy)
    assert values(other) == {"product": "电视"}


def test_what_the_caller_said_stays(ticket: Ticket, taxonomy: Taxonomy) -> None:
    said = ticket.with_fact("contact_number", Fact("01088886666")).with_fact("contact_name", Fact("老王"))
    known = with_crm(replace(said, category="product_fault"), Customer("王芳", purchases=(AIR,)), taxonomy)
    assert (known.value("contact_number"), known.value("contact_name")) == ("01088886666", "老王")


def test_a_withheld_number_and_an_unknown_customer_add_nothing(ticket: Ticket, taxonomy: Taxonomy) -> None:
    assert with_crm(replace(ticket, caller_number=None), None, taxonomy).fields == {}


def test_the_account_is_not_assumed(ticket: Ticket, taxonomy: Taxonomy) -> None:
    billing = replace(ticket, hotline="telecom", category="billing")
    assert with_crm(billing, Customer("王芳"), taxonomy).value("account_no") is None


def test_where_parts_are_waited_for_the_product_is_the_part(ticket: Ticket, taxonomy: Taxonomy) -> None:
    waiting = replace(ticket, hotline="auto", category="parts_delay").with_fact("product", Fact("左前大灯"))
    assert values(with_crm(waiting, Customer(vehicles=(CAR,)), taxonomy)) == {
        "product": "左前大灯",
        "plate_no": "粤B12345",
    }


def test_a_contradiction_is_found_where_it_is_plain_what_is_meant(ticket: Ticket) -> None:
    said = (
        replace(ticket, category="refund_exchange")
        .with_fact("order_no", Fact("DD9"))
        .with_fact("product", Fact("空调"))
    )
    assert contradictions(said, Customer(purchases=(AIR, WASHER))) == {"order_no": "DD1"}
    assert contradictions(said, Customer(purchases=(AIR, AIR))) == {}
    assert contradictions(said.replacing("order_no", Fact("DD1")), Customer(purchases=(AIR,))) == {}
    assert contradictions(said, None) == {}
    plate = replace(ticket, hotline="auto").with_fact("plate_no", Fact("粤B12346"))
    assert contradictions(plate, Customer(vehicles=(CAR,))) == {"plate_no": "粤B12345"}


def prior(ticket: Ticket, hotline: str, category: str, **fields: str) -> Ticket:
    return replace(
        ticket,
        ticket_no="GD20261101-000001",
        hotline=hotline,
        category=category,
        fields={name: Fact(value) for name, value in fields.items()},
    )


def test_a_link_brings_what_identifies_the_matter_but_no_dates(ticket: Ticket, taxonomy: Taxonomy) -> None:
    earlier = prior(
        ticket, "appliance", "product_fault", product="空调", problem="不制冷", since="2026-11-01", model="K1"
    )
    tied = linked(ticket, earlier, taxonomy)
    assert tied.category == "product_fault"
    assert values(tied) == {"product": "空调", "model": "K1", "problem": "不制冷"}
    assert (tied.prior_ticket_no, tied.occurrence) == ("GD20261101-000001", 2)
    assert linked(ticket, replace(earlier, occurrence=2), taxonomy).occurrence == 3


@pytest.mark.parametrize(
    ("hotline", "category", "taken"),
    [
        ("ecommerce", "refund", True),
        ("courier", "lost", True),
        ("courier", "damaged", True),
        ("telecom", "billing", False),
        ("bank", "fee_dispute", False),
    ],
)
def test_the_same_money_is_taken_over_other_money_is_not(
    ticket: Ticket, taxonomy: Taxonomy, hotline: str, category: str, taken: bool
) -> None:
    earlier = prior(ticket, hotline, category, amount="168.00")
    here = replace(ticket, hotline=hotline)
    assert (linked(here, earlier, taxonomy).value("amount") == "168.00") is taken
    said = here.with_fact("amount", Fact("200.00"))
    assert linked(said, earlier, taxonomy).value("amount") == "200.00"


def test_a_denied_link_leaves_nothing_behind(ticket: Ticket, taxonomy: Taxonomy) -> None:
    said = ticket.with_fact("problem", Fact("漏水"))
    tied = linked(said, prior(ticket, "appliance", "product_fault", product="空调"), taxonomy)
    free = unlinked(tied)
    assert (free.prior_ticket_no, free.occurrence, values(free)) == (None, 1, {"problem": "漏水"})
