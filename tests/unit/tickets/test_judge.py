from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from ivr.packs import Pack
from ivr.tickets.customer import Customer
from ivr.tickets.judgement.complexity import Counts, complexity
from ivr.tickets.judgement.judge import judge
from ivr.tickets.judgement.summary import summary
from ivr.tickets.taxonomy import Taxonomy
from ivr.tickets.ticket import Fact, Ticket
from tests.unit.tickets.conftest import NOW


@pytest.fixture
def fault(ticket: Ticket) -> Ticket:
    known = {"product": Fact("空调"), "problem": Fact("不制冷"), "since": Fact("2026-11-19", confidence=0.9)}
    return replace(ticket, category="product_fault", fields=known)


def test_a_plain_complaint_needs_nobody(fault: Ticket, pack: Pack, taxonomy: Taxonomy) -> None:
    judged = judge(fault, said=["空调不制冷，三天了"], customer=None, prior=None, pack=pack, taxonomy=taxonomy)
    assert (judged.urgency, judged.emotion.label, judged.review.required) == ("P3", "calm", False)
    assert (judged.completeness, judged.confidence, judged.missing) == (1.0, 0.9, ())
    assert judged.summary == "空调三天前起不制冷"


def test_every_reason_of_review_at_once(fault: Ticket, pack: Pack, taxonomy: Taxonomy) -> None:
    doubtful = fault.with_fact("since", Fact("2026-11-19", confidence=0.3))
    judged = judge(
        doubtful,
        said=["气死我了，一群骗子，里面都冒烟了"],
        customer=Customer("王芳", "vip"),
        prior=None,
        pack=pack,
        taxonomy=taxonomy,
        counts=Counts(contradictions=2, conflicts_left=1, failed_questions=1),
    )
    assert judged.review.reasons == ("emotion", "complexity", "low_confidence", "vip", "p1", "conflicting_facts")
    assert set(judged.review.reasons) == set(taxonomy.review_reasons)


def test_thresholds_are_the_hotlines(fault: Ticket, pack: Pack, taxonomy: Taxonomy) -> None:
    strict = replace(pack, thresholds=replace(pack.thresholds, emotion=0.2))
    said = ["等了半个月了也没人管，太差了"]
    for this, expected in ((pack, False), (strict, True)):
        judged = judge(fault, said=said, customer=None, prior=None, pack=this, taxonomy=taxonomy)
        assert judged.review.required is expected


@pytest.mark.parametrize(("days", "expected"), [(12, "P2"), (30, "P2"), (31, "P3")])
def test_the_same_again_within_thirty_days(
    fault: Ticket, pack: Pack, taxonomy: Taxonomy, days: int, expected: str
) -> None:
    earlier = replace(fault, ticket_no="GD1", created_at=NOW - dt.timedelta(days=days, hours=-5))
    judged = judge(fault, said=["又不制冷"], customer=None, prior=earlier, pack=pack, taxonomy=taxonomy)
    assert judged.urgency == expected


def test_a_vip_consultation_is_not_reviewed(ticket: Ticket, pack: Pack, taxonomy: Taxonomy) -> None:
    asks = replace(ticket, category="consultation", fields={"problem": Fact("怎么清洗滤网")})
    judged = judge(asks, said=["怎么洗滤网"], customer=Customer(tier="vip"), prior=None, pack=pack, taxonomy=taxonomy)
    assert (judged.urgency, judged.review.required) == ("P4", False)


def test_complexity_rises_with_what_went_wrong() -> None:
    assert complexity(Counts()) == 0.0
    for harder in (Counts(complaints=2), Counts(contradictions=1), Counts(failed_questions=1)):
        assert 0 < complexity(harder) < 0.6
    assert complexity(Counts(contradictions=2, failed_questions=1)) >= 0.6
    assert complexity(Counts(complaints=9, contradictions=9, failed_questions=9)) == 1.0


@pytest.mark.parametrize(
    ("category", "fields", "expected"),
    [
        ("product_fault", {"product": "空调", "problem": "空调漏水", "since": "2026-10-01"}, "空调10月1日起漏水"),
        (
            "installation",
            {"product": "洗衣机", "problem": "没人来装", "appointment": "2026-11-24 上午"},
            "洗衣机没人来装，预约11月24日上午",
        ),
        (
            "service_attitude",
            {"complained_about": "张师傅", "problem": "骂人", "occurred_at": "2026-11-21"},
            "投诉张师傅：昨天骂人",
        ),
        (
            "refund_exchange",
            {"product": "电饭煲", "problem": "内胆掉皮", "order_no": "DD1", "desired_resolution": "退货"},
            "电饭煲内胆掉皮，订单 DD1，要求：退货",
        ),
        ("consultation", {}, "咨询"),
        (None, {}, ""),
    ],
)
def test_a_summary_says_what_to_act_on(
    ticket: Ticket, taxonomy: Taxonomy, category: str | None, fields: dict[str, str], expected: str
) -> None:
    known = replace(ticket, category=category, fields={name: Fact(value) for name, value in fields.items()})
    assert summary(known, taxonomy) == expected


def test_a_summary_names_the_earlier_ticket_and_what_is_missing(fault: Ticket, taxonomy: Taxonomy) -> None:
    again = replace(fault, prior_ticket_no="GD20261101-000001", occurrence=3)
    assert summary(again, taxonomy).endswith("与 GD20261101-000001 为同一问题（第三次）")
    ended = replace(fault, status="incomplete", missing=("since",))
    assert summary(ended, taxonomy).endswith("。还缺：开始时间")
