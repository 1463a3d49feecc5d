from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.packs import load_packs
from ivr.settings import PROJECT
from ivr.tickets.attaching import attached
from ivr.tickets.customer import Agreement, Complaint, Customer, Purchase, Vehicle
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Fact, Review, Ticket, customer_json

TAXONOMY = load_taxonomy(PROJECT / "data")
PACK = load_packs(PROJECT / "data")["appliance"]
WANG = Customer("王芳", "vip", (Purchase("空调", "KFR35GW", "DD1"),))
TICKET = Ticket(
    hotline="appliance",
    category="product_fault",
    call_id="1.1",
    caller_number="13800010001",
    created_at=dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC),
    fields={"problem": Fact("不制冷", turn=1)},
)


def late(ticket: Ticket, customer: Customer, said: str = "空调不制冷") -> Ticket:
    return attached(ticket, customer, said=[said], pack=PACK, taxonomy=TAXONOMY)


def test_a_draft_takes_over_what_the_crm_knows() -> None:
    ticket = late(TICKET, WANG)
    assert ticket.customer == WANG
    assert ticket.value("model") == "KFR35GW"
    assert ticket.value("contact_name") == "王芳"
    assert "product" not in ticket.missing
    assert (ticket.urgency, ticket.review.reasons, ticket.stage) == ("P2", ("vip",), "new")


def test_a_settled_ticket_keeps_what_was_missing() -> None:
    ticket = late(replace(TICKET, status="incomplete", missing=("product",)), WANG)
    assert ticket.customer == WANG
    assert (ticket.missing, ticket.value("product")) == (("product",), None)
    assert (ticket.review.reasons, ticket.stage) == (("vip",), "in_review")


@pytest.mark.parametrize("urgency", ["P1", "P2"])
def test_urgency_only_rises(urgency: str) -> None:
    ticket = late(replace(TICKET, urgency=urgency), WANG, "就是问一下")  # type: ignore[arg-type]
    assert ticket.urgency == urgency


def test_an_unsettled_contradiction_is_still_reviewed() -> None:
    ticket = late(replace(TICKET, review=Review(True, ("conflicting_facts",))), WANG)
    assert ticket.review.reasons == ("vip", "conflicting_facts")


def test_a_ticket_with_a_customer_stays() -> None:
    ticket = late(TICKET, Customer("李雷"))
    assert late(ticket, WANG) is ticket


def test_what_the_contract_only_allows_is_left_out_when_it_is_not_known() -> None:
    plain = {"name": "王芳", "tier": "normal", "purchases": [], "vehicles": [], "agreements": []}
    assert customer_json(Customer("王芳")) == plain
    more = Customer("王芳", complaints=(Complaint("漏水", dt.date(2026, 1, 2)),), customer_no="7", source="会员系统")
    assert customer_json(more) == plain | {
        "complaints": [{"subject": "漏水", "date": "2026-01-02"}],
        "customer_no": "7",
        "source": "会员系统",
    }


def test_what_a_customer_has_as_lines() -> None:
    known = Customer(
        "王芳",
        purchases=(Purchase("空调", "KFR35GW", "DD1", dt.date(2026, 3, 1), dt.date(2032, 3, 1)), Purchase("洗衣机")),
        vehicles=(Vehicle("粤B5K328", "远山L6"),),
        agreements=(Agreement("延长保修", dt.date(2030, 6, 18)),),
        complaints=(Complaint("漏水", None, "已完成"),),
    )
    assert known.lines() == [
        "买过　空调　KFR35GW　DD1　2026-03-01 购买　保修到 2032-03-01",
        "买过　洗衣机",
        "车辆　粤B5K328　远山L6",
        "协议　延长保修　到 2030-06-18",
        "投诉过　漏水　已完成",
    ]
