"""Scenario files: read as they are meant, refused with a sentence that helps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from ivr.errors import SettingsError
from ivr.settings import PROJECT
from ivr.simulate.expectation import NULL, Wanted
from ivr.simulate.scenario import load_scenarios
from tests.unit.simulate.scenarios import TAXONOMY, raw, scenario, write


def test_the_projects_scenarios_are_read() -> None:
    files = sorted((PROJECT / "tests" / "scenarios").glob("*.yml"))
    scenarios = load_scenarios(files, TAXONOMY)
    assert len(scenarios) >= 35
    assert not [s.id for s in scenarios if s.remarks]
    assert [s.id for s in load_scenarios(files, TAXONOMY, [scenarios[3].id])] == [scenarios[3].id]


def test_values_are_text_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    one = scenario(
        tmp_path,
        date=dt.date(2026, 11, 22),
        caller=13800010001,
        expect={"fields": {"since": dt.date(2026, 11, 19), "order_no": 123}, "handoff": None},
    )
    assert one.moment.isoformat() == "2026-11-22T10:00:00"
    assert one.caller == "13800010001"
    assert one.expect.fields == {"since": Wanted("2026-11-19"), "order_no": Wanted("123")}
    assert one.expect.handoff == NULL
    assert one.expect.prior_ticket_no is None


def test_a_time_may_be_given_and_the_number_withheld(tmp_path: Path) -> None:
    one = scenario(tmp_path, date="2026-11-22 21:30", caller=None, tags=["night"])
    assert one.moment.isoformat() == "2026-11-22T21:30:00"
    assert one.caller is None
    assert one.extra == {"tags": ["night"]}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"hotline": "bakery"}, "hotline 没有叫 'bakery' 的热线"),
        ({"date": "昨天"}, "date 应当是日期"),
        ({"says": {}}, "says.opening 没有写"),
        ({"says": {"opening": "喂", "anwsers": {}}}, "says.anwsers 不认识"),
        ({"says": {"opening": "喂", "keys": {"order_no": "12a"}}}, "says.keys.order_no '12a' 不能用电话键输入"),
        ({"says": {"opening": "喂", "silent": [0]}}, "says.silent 里的 0 不是轮次"),
        ({"says": {"opening": "喂", "hangs_up_after": "一"}}, "says.hangs_up_after"),
        ({"says": {"opening": "喂", "answers": {"product": [{"a": 1}]}}}, "says.answers.product"),
        ({"expect": {"stauts": "complete"}}, "expect.stauts 不认识"),
        ({"expect": {"status": "done"}}, "expect.status 应当是"),
        ({"expect": {"category": "refund"}}, "expect.category 'refund' 不是 appliance 的类别"),
        ({"expect": {"fields": {"colour": "红"}}}, "expect.fields.colour 不是工单的字段"),
        ({"expect": {"fields": {"product": ["a"]}}}, "expect.fields.product 应当是一个值"),
        ({"expect": {"urgency": ["P7"]}}, "expect.urgency 里的 'P7' 不认识"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError) as told:
        load_scenarios([write(tmp_path, raw(**changes))], TAXONOMY)
    assert why in str(told.value)
    assert "scenarios.yml 的场景 one" in str(told.value)


def test_an_id_is_used_once_and_named_rightly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="写了两次"):
        load_scenarios([write(tmp_path, raw(), raw())], TAXONOMY)
    with pytest.raises(SettingsError, match="没有叫 two 的场景；有的是：one"):
        load_scenarios([write(tmp_path, raw())], TAXONOMY, ["two"])


def test_an_answer_that_nobody_can_ask_for_is_remarked(tmp_path: Path) -> None:
    one = scenario(tmp_path, says={"answers": {"prodcut": ["空调"]}})
    assert "prodcut" in one.remarks[0]
