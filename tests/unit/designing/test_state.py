"""What `ivr dialogue try` shows after a turn."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ivr.designing.content import read_content
from ivr.designing.state import shown_state
from ivr.settings import PROJECT
from ivr.tickets.taxonomy import load_taxonomy
from ivr.tickets.ticket import Fact, Ticket

AT = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
FORM = "appliance_product_fault_form"


def test_a_designer_sees_why_the_question_came() -> None:
    ticket = Ticket(
        hotline="appliance", call_id="1", caller_number=None, created_at=AT, category="product_fault", ticket_no="GD1",
        fields={"product": Fact("洗衣机", "我家洗衣机", "caller", 0.9, 1)},
    )  # fmt: skip
    tracker = {
        "slots": {
            "move": "inform", "topic": "appliance_product_fault", "mood": "calm", "product": "洗衣机",
            "requested_slot": "problem", "notes": {"turn": 1, "asked": {"problem": 2}}, "prior_ticket": "none",
        },
        "latest_message": {
            "intent_ranking": [{"name": "product_fault", "confidence": 0.93}, {"name": "inform", "confidence": 0.04}]
        },
        "active_loop": {"name": FORM},
        "events": [
            {"event": "action", "name": "action_listen"},
            {"event": "user", "parse_data": {"intent": {"name": "product_fault"}}},
            {"event": "slot", "name": "move", "value": "inform"},
            {"event": "action", "name": "action_note"},
        ],
    }  # fmt: skip
    lines = dict(shown_state(tracker, ticket, read_content(PROJECT), load_taxonomy(PROJECT / "data")))
    assert lines["意图"] == "product_fault 0.93，inform 0.04"
    assert lines["槽"] == "move=inform，topic=appliance_product_fault"
    assert lines["听到"] == "产品=洗衣机（“我家洗衣机”，caller，0.90）"
    assert "“说事或回答，接着问”" in lines["走过"]
    assert lines["为什么这么问"].startswith(f"{FORM} 里第一个空的是 problem（问题描述），第 2 次问")
    assert "product✓" in lines["为什么这么问"]
    assert "[problem]" in lines["为什么这么问"]
    assert lines["工单"].startswith("GD1：产品故障；产品 洗衣机；")


def test_before_anything_is_known_there_is_little_to_show(tmp_path: Path) -> None:
    lines = shown_state({"slots": {}}, None, read_content(tmp_path), load_taxonomy(PROJECT / "data"))
    assert lines == [("工单", "还没有")]
