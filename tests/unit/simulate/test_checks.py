"""Each check of a call, passed and failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr.simulate.checks import check_call
from tests.unit.simulate.scenarios import SAMENESS, scenario

TICKET: dict[str, Any] = {
    "status": "complete", "category": "product_fault", "prior_ticket_no": "GD20261101-000001", "urgency": "P2",
    "fields": {"product": {"value": "空调"}, "problem": {"value": "吹热风，不制冷"}, "since": {"value": "2026-11-19"},
               "order_no": {"value": "DD20260301001"}},
    "emotion": {"label": "annoyed", "score": 0.4}, "review": {"required": True, "reasons": ["vip"]},
    "handoff": {"reason": "caller_request"},
    "customer": {"name": "王芳", "purchases": [{"product": "空调", "warranty_until": "2032-03-01"}]},
}  # fmt: skip


def failed(tmp_path: Path, expect: dict[str, Any], *tickets: Any, questions: int = 0, asked: Any = ()) -> list[str]:
    checks = check_call(scenario(tmp_path, expect=expect).expect, tickets, SAMENESS, questions=questions, asked=asked)
    assert checks
    return [check.what for check in checks if not check.passed]


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ({"status": "complete"}, {"status": "abandoned"}, "status"),
        ({"category": "product_fault"}, {"category": "installation"}, "category"),
        ({"fields": {"product": "挂机"}}, {"fields": {"product": "冰箱"}}, "fields.product"),
        (
            {"fields": {"problem": {"any": ["漏水", "不制冷"]}}},
            {"fields": {"problem": {"any": ["漏水"]}}},
            "fields.problem",
        ),
        ({"fields": {"since": "2026-11-19"}}, {"fields": {"since": "2026-11-18"}}, "fields.since"),
        ({"fields": {"order_no": "dd 20260301 001"}}, {"fields": {"order_no": None}}, "fields.order_no"),
        ({"fields": {"model": None}}, {"fields": {"model": "K1"}}, "fields.model"),
        ({"prior_ticket_no": "GD20261101-000001"}, {"prior_ticket_no": None}, "prior_ticket_no"),
        ({"urgency": ["P1", "P2"]}, {"urgency": ["P3"]}, "urgency"),
        ({"emotion": ["annoyed"]}, {"emotion": ["calm"]}, "emotion"),
        ({"review": ["vip"]}, {"review": ["p1"]}, "review"),
        ({"review": ["vip"]}, {"review": []}, "review"),
        ({"handoff": "caller_request"}, {"handoff": None}, "handoff"),
        ({"crm": {"warranty_until": "2032-03-01"}}, {"crm": {"warranty_until": "2031-03-01"}}, "crm.warranty_until"),
    ],
)
def test_of_the_ticket(tmp_path: Path, right: dict[str, Any], wrong: dict[str, Any], name: str) -> None:
    assert failed(tmp_path, right, TICKET) == []
    assert failed(tmp_path, wrong, TICKET) == [name]


def test_of_the_conversation(tmp_path: Path) -> None:
    expect = {"max_questions": 2, "never_asks": ["model"]}
    assert failed(tmp_path, expect, TICKET, questions=2, asked=["since", "confirm"]) == []
    assert failed(tmp_path, expect, TICKET, questions=3, asked=["model"]) == ["max_questions", "never_asks"]


def test_a_call_without_a_ticket_fails_what_wants_one(tmp_path: Path) -> None:
    expect = {"status": "complete", "fields": {"product": "空调"}, "prior_ticket_no": None, "handoff": None}
    assert failed(tmp_path, expect) == ["status", "fields.product"]


def test_further_tickets(tmp_path: Path) -> None:
    expect = {"status": "complete", "also": [{"category": "installation"}, {"category": "consultation"}]}
    other = {**TICKET, "category": "installation"}
    assert failed(tmp_path, expect, TICKET, other) == ["also[1].category"]


def test_values_are_compared_after_normalisation() -> None:
    for field_id, one, other in [
        ("amount", "58.6", "58.60"),
        ("amount", "1,200元", "1200.00"),
        ("plate_no", "粤B·12345", "粤b12345"),
        ("appointment", "2026-11-24上午", "2026-11-24 上午"),
        ("appointment", "2026-11-24 9:30", "2026-11-24 09:30"),
        ("contact_number", "138 0001 0001", "13800010001"),
        ("problem", "不制冷。", "不制冷"),
    ]:
        assert SAMENESS.same(field_id, one, other), (field_id, one, other)
    assert not SAMENESS.same("amount", "58.6", "586")
