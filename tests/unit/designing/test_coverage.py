"""Which rules a conversation went through, seen from Rasa's events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr.designing.content import read_content
from ivr.designing.coverage import check_coverage, load_coverage, measure, moments, read_events, save_coverage
from tests.unit.designing.site import Site

RULES = """
    rules:
    - rule: 开始
      condition:
      - slot_was_set:
        - topic: shop_fault
      steps:
      - action: opening_form
      - active_loop: null
      - action: shop_fault_form
      - active_loop: shop_fault_form
    - rule: 接着问
      condition:
      - slot_was_set:
        - move: inform
      steps:
      - action: action_listen
      - action: action_note
    - rule: 送券
      condition:
      - slot_was_set:
        - move: inform
        - problem: 退货
      steps:
      - action: action_listen
      - action: utter_voucher
    - rule: 问完
      condition:
      - active_loop: shop_fault_form
      steps:
      - action: shop_fault_form
      - active_loop: null
      - action: action_bye
    - rule: 写好
      condition:
      - slot_was_set:
        - handing_over: null
      steps:
      - action: action_bye
      - action: action_farewell
    stories:
    - story: 先退货再改主意
      steps:
      - intent: fault
      - slot_was_set:
        - problem: 退货
      - action: utter_voucher
      - intent: fault
      - action: action_note
    """


def action(name: str) -> dict[str, Any]:
    return {"event": "action", "name": name}


def slot(name: str, value: object) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def loop(name: str | None) -> dict[str, Any]:
    return {"event": "active_loop", "name": name}


USER = {"event": "user", "parse_data": {"intent": {"name": "fault"}}}
OPENED = [action("opening_form"), loop("opening_form"), action("action_listen"), USER, slot("move", "inform")]
TURN = [action("action_listen"), USER, slot("move", "inform")]
REJECTED = {"event": "action_execution_rejected", "name": "shop_fault_form"}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    Site(tmp_path).write("dialogue/data/rules.yml", RULES)
    return tmp_path


def through(root: Path, *events: dict[str, Any]) -> set[str]:
    coverage = measure(read_content(root), {"call": moments(events)})
    return {name for name, talks in coverage.by_route.items() if talks}


def test_rules_are_told_apart_by_conditions_and_steps(rules: Path) -> None:
    started = [*OPENED, action("action_note"), slot("topic", "shop_fault"), action("opening_form"), loop(None)]
    started += [action("shop_fault_form"), loop("shop_fault_form")]
    assert through(rules, *started) == {"接着问", "开始"}
    assert through(rules, *started, *TURN, slot("problem", "退货"), REJECTED, action("utter_voucher")) == {
        "接着问", "开始", "送券",
    }  # fmt: skip
    ended = [action("shop_fault_form"), loop(None), action("action_bye"), action("action_farewell")]
    assert through(rules, *started, *TURN, action("action_note"), *ended) == {"接着问", "开始", "问完", "写好"}


def test_a_condition_that_does_not_hold_is_not_gone_through(rules: Path) -> None:
    assert "接着问" not in through(rules, action("action_listen"), USER, slot("move", "other"), action("action_note"))
    ended = [slot("handing_over", True), action("action_bye"), action("action_farewell")]
    assert through(rules, *ended) == set()


def test_a_story_goes_over_several_turns(rules: Path) -> None:
    first = [*TURN, slot("problem", "退货"), action("utter_voucher")]
    assert "先退货再改主意" not in through(rules, *first)
    assert "先退货再改主意" in through(rules, *first, *TURN, action("action_note"))


def test_what_no_scenario_went_through_is_told_with_its_line(rules: Path) -> None:
    content = read_content(rules)
    coverage = measure(content, {"call": moments([*TURN, action("action_note")])})
    save_coverage(coverage, rules / "var" / "coverage.json")
    kept = load_coverage(rules / "var" / "coverage.json")
    assert kept is not None
    told = [one.shown(rules) for one in check_coverage(content, kept)]
    assert len(told) == 5
    assert told[0].startswith("dialogue/data/rules.yml:2：规则“开始”没有一个场景走到（测过 1 个）")
    assert "故事“先退货再改主意”" in told[-1]


def test_a_rule_written_since_is_new(rules: Path) -> None:
    kept = measure(read_content(rules), {})
    Site(rules).write("dialogue/data/rules.yml", RULES.replace("送券", "送卡"))
    assert any("“送卡”是新的" in one.says for one in check_coverage(read_content(rules), kept))


def test_rasas_event_file_is_read_by_conversation(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"sender_id": "a", "event": "user"}\n\n{"sender_id": "b", "event": "user"}\n', "utf-8")
    assert {name: len(events) for name, events in read_events(file).items()} == {"a": 1, "b": 1}
    assert load_coverage(tmp_path / "none.json") is None
